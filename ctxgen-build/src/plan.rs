//! Which objects a build makes, of which sources.

use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use crate::error::Error;
use crate::error::NoName;
use crate::names::identifier;
use crate::names::is_name;
use crate::names::of_source;

/// An object, as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// `None` where the source's file name says it.
    pub(crate) name: Option<String>,
    pub(crate) sources: Vec<PathBuf>,
}

/// A source and the name of what is made of it.
pub(crate) type Source<'a> = (String, &'a Path);

/// The objects of a build and their sources.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    /// Of all objects, in order. Each has a name of its own, for what is made of it.
    pub(crate) sources: Vec<Source<'a>>,
    pub(crate) objects: Vec<Group>,
}

/// An object and the places of its sources.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) places: Range<usize>,
}

impl<'a> Plan<'a> {
    /// Of these objects.
    ///
    /// # Errors
    /// [`Error::NoSources`], [`Error::NoName`], [`Error::SameName`].
    pub(crate) fn new(objects: &'a [Planned]) -> Result<Self, Error> {
        if objects.is_empty() {
            return Err(Error::NoSources);
        }
        let mut plan = Self::default();
        for object in objects {
            let name = name(object)?;
            let start = plan.sources.len();
            if let Some(other) = plan.objects.iter().find(|other| other.name == name) {
                return Err(Error::SameName {
                    first: plan.sources[other.places.start].1.to_owned(),
                    second: object.sources[0].clone(),
                    name,
                });
            }
            match &object.sources[..] {
                [source] => plan.sources.push((name.clone(), source)),
                // No object is called so: no name has a dot.
                several => plan.sources.extend(
                    several
                        .iter()
                        .enumerate()
                        .map(|(number, source)| (format!("{name}.{number}"), &**source)),
                ),
            }
            let places = start..plan.sources.len();
            plan.objects.push(Group { name, places });
        }
        Ok(plan)
    }
}

fn name(object: &Planned) -> Result<String, Error> {
    match (&object.name, &object.sources[..]) {
        (Some(name), []) => Err(Error::NoSourcesOf(name.clone())),
        (Some(name), _) if is_name(name) => Ok(name.clone()),
        (Some(name), _) => Err(Error::NoName(NoName::Given {
            name: name.clone(),
            nearest: Some(identifier(name)).filter(|nearest| is_name(nearest)),
        })),
        (None, [source, ..]) => {
            of_source(source).ok_or_else(|| Error::NoName(NoName::Source(source.clone())))
        }
        (None, []) => Err(Error::NoSources),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(name: Option<&str>, sources: &[&str]) -> Planned {
        Planned {
            name: name.map(str::to_owned),
            sources: sources.iter().map(PathBuf::from).collect(),
        }
    }

    fn error(objects: &[Planned]) -> String {
        Plan::new(objects).unwrap_err().to_string()
    }

    #[test]
    fn objects_and_sources() {
        assert!(error(&[]).contains("nothing to build"));
        assert!(error(&[planned(Some("a"), &[])]).contains("`a` has no sources"));
        for sources in [["x/a.bpf.c", "y/a.bpf.c"], ["a-b.bpf.c", "a_b.bpf.c"]] {
            let twice = sources.map(|source| planned(None, &[source]));
            assert!(error(&twice).contains("both become `a"), "{sources:?}");
        }

        let objects = [
            planned(None, &["x/a.bpf.c"]),
            planned(Some("tool"), &["y/b.c", "c.c"]),
            planned(Some("other"), &["y/a.bpf.c"]),
        ];
        let plan = Plan::new(&objects).unwrap();
        let names: Vec<&str> = plan.sources.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["a", "tool.0", "tool.1", "other"]);
        let objects = plan.objects.iter();
        let objects: Vec<_> = objects.map(|o| (&*o.name, o.places.clone())).collect();
        assert_eq!(objects, [("a", 0..1), ("tool", 1..3), ("other", 3..4)]);
    }

    #[test]
    fn names_that_are_given() {
        for (name, expected) in [
            ("a-b", "`a_b` would be one"),
            ("9p", "`_9p` would be one"),
            ("", "letter or a digit"),
            ("_", "letter or a digit"),
            ("größe", "`gr__e` would be one"),
        ] {
            let said = error(&[planned(Some(name), &["x.bpf.c"])]);
            assert!(said.contains(expected), "{said}");
        }
        assert!(Plan::new(&[planned(Some("a_b"), &["a-b.c"])]).is_ok());
    }
}

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
    /// `None` where the first file's name says it.
    pub(crate) name: Option<String>,
    pub(crate) of: MadeOf,
}

/// What an object is made of.
#[derive(Clone, Debug)]
pub(crate) enum MadeOf {
    /// Of sources, which are compiled and linked.
    Sources(Vec<PathBuf>),
    /// It is there.
    Ready(PathBuf),
}

impl MadeOf {
    /// The sources. A ready-made object has none.
    pub(crate) fn sources(&self) -> &[PathBuf] {
        match self {
            Self::Sources(sources) => sources,
            Self::Ready(_) => &[],
        }
    }

    /// The path of a ready-made object.
    pub(crate) fn ready(&self) -> Option<&Path> {
        match self {
            Self::Sources(_) => None,
            Self::Ready(path) => Some(path),
        }
    }

    /// The file that may say the name.
    fn first(&self) -> Option<&Path> {
        let sources = self.sources().first().map(PathBuf::as_path);
        sources.or_else(|| self.ready())
    }
}

/// A source and the name of what is made of it.
pub(crate) type Source<'a> = (String, &'a Path);

/// The objects of a build and their sources.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    /// Of all objects, in order. Each has a name of its own, for what is made of it.
    pub(crate) sources: Vec<Source<'a>>,
    pub(crate) objects: Vec<Group<'a>>,
}

/// An object and the places of its sources.
#[derive(Debug)]
pub(crate) struct Group<'a> {
    pub(crate) name: String,
    /// Empty for a ready-made object.
    pub(crate) places: Range<usize>,
    /// The path of a ready-made object.
    pub(crate) ready: Option<&'a Path>,
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
                let source = |place: usize| plan.sources[place].1;
                let first = other.ready.unwrap_or_else(|| source(other.places.start));
                return Err(Error::SameName {
                    first: first.to_owned(),
                    second: object.of.first().map(Path::to_owned).unwrap_or_default(),
                    name,
                });
            }
            match object.of.sources() {
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
            plan.objects.push(Group {
                name,
                places,
                ready: object.of.ready(),
            });
        }
        Ok(plan)
    }
}

fn name(object: &Planned) -> Result<String, Error> {
    match (&object.name, object.of.first()) {
        (Some(name), None) => Err(Error::NoSourcesOf(name.clone())),
        (Some(name), _) if is_name(name) => Ok(name.clone()),
        (Some(name), _) => Err(Error::NoName(NoName::Given {
            name: name.clone(),
            nearest: Some(identifier(name)).filter(|nearest| is_name(nearest)),
        })),
        (None, Some(path)) => of_source(path).ok_or_else(|| {
            let path = path.to_owned();
            Error::NoName(match object.of {
                MadeOf::Sources(_) => NoName::Source(path),
                MadeOf::Ready(_) => NoName::Object(path),
            })
        }),
        (None, None) => Err(Error::NoSources),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(name: Option<&str>, sources: &[&str]) -> Planned {
        Planned {
            name: name.map(str::to_owned),
            of: MadeOf::Sources(sources.iter().map(PathBuf::from).collect()),
        }
    }

    fn ready(name: Option<&str>, path: &str) -> Planned {
        Planned {
            name: name.map(str::to_owned),
            of: MadeOf::Ready(path.into()),
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
    fn ready_made_objects() {
        let objects = [
            ready(None, "out/a.bpf.o"),
            planned(None, &["b.bpf.c"]),
            ready(Some("c"), "out/b.bpf.o"),
        ];
        let plan = Plan::new(&objects).unwrap();
        let sources: Vec<&str> = plan.sources.iter().map(|(name, _)| &**name).collect();
        assert_eq!(sources, ["b"]);
        let objects = plan.objects.iter();
        let objects: Vec<_> = objects
            .map(|o| (&*o.name, o.places.len(), o.ready.and_then(Path::to_str)))
            .collect();
        let expected = [
            ("a", 0, Some("out/a.bpf.o")),
            ("b", 1, None),
            ("c", 0, Some("out/b.bpf.o")),
        ];
        assert_eq!(objects, expected);

        for twice in [
            [planned(None, &["a.bpf.c"]), ready(None, "out/a.bpf.o")],
            [ready(None, "out/a.bpf.o"), planned(None, &["a.bpf.c"])],
        ] {
            let said = error(&twice);
            assert!(said.contains("a.bpf.c"), "{said}");
            assert!(said.contains("out/a.bpf.o"), "{said}");
        }
        let said = error(&[ready(None, "_.bpf.o")]);
        assert!(
            said.contains(r#"Builder::obj_as("name", "_.bpf.o")"#),
            "{said}"
        );
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

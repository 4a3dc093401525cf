//! Which objects a builder makes, of which sources.

use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use super::Builder;
use super::names::identifier;
use super::names::is_name;
use super::names::of_source;
use crate::compile::Source;
use crate::error::Error;
use crate::error::NoName;

/// An object, as it was asked for.
#[derive(Clone, Debug)]
pub(super) struct Planned {
    /// `None` where the source's file name says it.
    name: Option<String>,
    sources: Vec<PathBuf>,
}

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

impl Builder {
    /// Adds a BPF C source, relative to the package's folder. What its object, skeleton and bindings
    /// are called by is its file name up to the first dot; each character that cannot be in an
    /// identifier becomes `_`, and a digit at the start gets a `_` before it: `guard.bpf.c` becomes
    /// `guard` with the types `GuardSkel`, `accept-latency.bpf.c` becomes `accept_latency` with
    /// `AcceptLatencySkel`, and `9p.bpf.c` becomes `_9p` with `_9pSkel`. [`Builder::source_as`] gives it
    /// another name.
    pub fn source(mut self, path: impl AsRef<Path>) -> Self {
        self.objects.push(Planned {
            name: None,
            sources: vec![path.as_ref().to_owned()],
        });
        self
    }

    /// Adds several sources, an object for each.
    pub fn sources<P: AsRef<Path>>(self, paths: impl IntoIterator<Item = P>) -> Self {
        paths.into_iter().fold(self, Self::source)
    }

    /// Adds a BPF C source whose object, skeleton and bindings are called by this name, an
    /// identifier: the types of the skeleton of `open_files` are `OpenFilesSkelBuilder` and so on.
    pub fn source_as(self, name: impl Into<String>, path: impl AsRef<Path>) -> Self {
        self.object(name, [path])
    }

    /// Adds one object that several BPF C sources make up: each is compiled by itself, and libbpf's
    /// linker links them in this order. They have one skeleton, one license, and whatever one of them
    /// declares `extern` may be another's: functions, variables, maps. (Of these, the two declarations
    /// have to be the same.) The name is as that of [`Builder::source_as`].
    pub fn object<P: AsRef<Path>>(
        mut self,
        name: impl Into<String>,
        sources: impl IntoIterator<Item = P>,
    ) -> Self {
        let sources = sources.into_iter().map(|path| path.as_ref().to_owned());
        self.objects.push(Planned {
            name: Some(name.into()),
            sources: sources.collect(),
        });
        self
    }

    /// All sources, in order.
    pub(super) fn all_sources(&self) -> impl Iterator<Item = &PathBuf> {
        self.objects.iter().flat_map(|object| &object.sources)
    }

    /// The objects, and what they are called by.
    ///
    /// # Errors
    /// [`Error::NoSources`], [`Error::NoName`], [`Error::SameName`].
    pub(super) fn plan(&self) -> Result<Plan<'_>, Error> {
        if self.objects.is_empty() {
            return Err(Error::NoSources);
        }
        let mut plan = Plan {
            sources: Vec::new(),
            objects: Vec::new(),
        };
        for object in &self.objects {
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

    fn error(builder: &Builder) -> String {
        builder.plan().unwrap_err().to_string()
    }

    #[test]
    fn objects_and_sources() {
        assert!(error(&Builder::new()).contains("nothing to build"));
        assert!(error(&Builder::new().object("a", [""; 0])).contains("`a` has no sources"));
        let twice = Builder::new().sources(["x/a.bpf.c", "y/a.bpf.c"]);
        assert!(error(&twice).contains("both become `a`"));
        let twice = Builder::new().sources(["a-b.bpf.c", "a_b.bpf.c"]);
        assert!(error(&twice).contains("both become `a_b`"));

        let builder = Builder::new()
            .source("x/a.bpf.c")
            .object("tool", ["y/b.c", "c.c"])
            .source_as("other", "y/a.bpf.c");
        let plan = builder.plan().unwrap();
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
            let said = error(&Builder::new().source_as(name, "x.bpf.c"));
            assert!(said.contains(expected), "{said}");
        }
        assert!(Builder::new().source_as("a_b", "a-b.c").plan().is_ok());
    }
}

//! Which kernel's BTF a build is for.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::KernelBtf;
use ctxgen::RUNNING_BTF;

use crate::error::Error;

/// A place where kernel BTF was looked for in vain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The place.
    pub place: String,
    /// Why it did not serve.
    pub why: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

/// The kernel of a build, and what the choice depended on.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kernel: KernelBtf,
    /// The file that it was read from.
    pub(crate) path: PathBuf,
    /// The environment variables that were asked.
    pub(crate) env: Vec<String>,
}

/// Looks for the kernel BTF of a target.
///
/// What is named has to serve: there is no falling back from a file that was named to another one.
pub(crate) fn find(explicit: Option<&Path>, target: &str, host: &str) -> Result<Found, Error> {
    if let Some(path) = explicit {
        return open(path, "Builder::btf", Vec::new());
    }
    let mut env = Vec::new();
    let mut tried = Vec::new();
    for (name, place) in [
        (
            format!("CTXGEN_BTF_{}", target.replace('-', "_")),
            "CTXGEN_BTF_<target>",
        ),
        ("CTXGEN_BTF".to_owned(), "CTXGEN_BTF"),
    ] {
        let value = std::env::var_os(&name).filter(|value| !value.is_empty());
        env.push(name.clone());
        match value {
            Some(path) => return open(Path::new(&path), place, env),
            None => tried.push(Place {
                place: format!("the variable {name}"),
                why: "not set".to_owned(),
            }),
        }
    }
    let running = Place {
        place: format!("the running kernel's {RUNNING_BTF}"),
        why: String::new(),
    };
    if Arch::from_target(target) != Arch::from_target(host) {
        tried.push(Place {
            why: format!("this is {host}, and the build is for another architecture"),
            ..running
        });
    } else {
        match KernelBtf::running() {
            Ok(kernel) => {
                return Ok(Found {
                    kernel,
                    path: RUNNING_BTF.into(),
                    env,
                });
            }
            Err(ctxgen::Error::NoRunningBtf { error, .. }) => tried.push(Place {
                why: error.to_string(),
                ..running
            }),
            Err(error) => {
                return Err(Error::Btf {
                    place: "the running kernel",
                    error: Box::new(error),
                });
            }
        }
    }
    Err(Error::NoBtf {
        target: target.to_owned(),
        tried,
    })
}

fn open(path: &Path, place: &'static str, env: Vec<String>) -> Result<Found, Error> {
    match KernelBtf::from_path(path) {
        Ok(kernel) => Ok(Found {
            kernel,
            path: path.to_owned(),
            env,
        }),
        Err(error) => Err(Error::Btf {
            place,
            error: Box::new(error),
        }),
    }
}

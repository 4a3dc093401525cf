//! Which kernel's BTF a build is for.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::ByteOrder;
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
    if !same_machine(target, host) {
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

/// Whether kernels of two targets have the same types, as far as an architecture decides it.
fn same_machine(target: &str, host: &str) -> bool {
    let machine = |triple: &str| triple.split('-').next().unwrap_or_default().to_owned();
    let one_order = |arch: Arch| {
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .filter(|&order| arch.has_byte_order(order))
            .count()
            == 1
    };
    match (Arch::from_target(target), Arch::from_target(host)) {
        (Some(target), Some(host)) if target == host && one_order(host) => true,
        // The names tell the byte orders of an architecture from each other, and those from each
        // other that ctxgen does not know.
        _ => machine(target) == machine(host),
    }
}

fn open(path: &Path, place: &'static str, env: Vec<String>) -> Result<Found, Error> {
    // A build script runs in its package's folder, and who set the variable was elsewhere.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match KernelBtf::from_path(absolute) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machines() {
        for (target, host, same) in [
            (
                "x86_64-unknown-linux-musl",
                "x86_64-unknown-linux-gnu",
                true,
            ),
            ("x86_64-unknown-linux-gnu", "x86_64", true),
            ("i686-unknown-linux-gnu", "x86_64-unknown-linux-gnu", true),
            (
                "aarch64-unknown-linux-gnu",
                "x86_64-unknown-linux-gnu",
                false,
            ),
            (
                "powerpc64-unknown-linux-gnu",
                "powerpc64le-unknown-linux-gnu",
                false,
            ),
            (
                "powerpc64le-unknown-linux-musl",
                "powerpc64le-unknown-linux-gnu",
                true,
            ),
            (
                "sparc64-unknown-linux-gnu",
                "sparc64-unknown-linux-gnu",
                true,
            ),
            ("wasm32-unknown-unknown", "sparc64-unknown-linux-gnu", false),
        ] {
            assert_eq!(same_machine(target, host), same, "{target}, {host}");
        }
    }
}

//! Which kernel's BTF a build is for.

mod places;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::ImageError;
use ctxgen::KernelBtf;
use ctxgen::KernelError;

use crate::cargo::Inputs;
use crate::cargo::of_cargo;
use crate::error::Error;
use crate::findings::Place;

/// The kernel of a build.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) kernel: KernelBtf,
    /// The file that it was read from.
    pub(crate) path: PathBuf,
    /// The pinned BTF that would have been taken instead if it were there.
    pub(crate) absent: Option<PathBuf>,
}

/// Looks for the kernel BTF of a target.
///
/// # Errors
/// [`Error::NoBtf`] with all places where none is, and [`Error::Btf`] for a file that has to serve
/// and does not.
pub(crate) fn find(
    explicit: Option<&Path>,
    target: &str,
    host: &str,
    inputs: &Inputs,
) -> Result<Found, Error> {
    search(explicit, target, host, inputs, true)
}

/// As [`find`], but the pinned BTF in the package does not count: that is what is to be made.
///
/// # Errors
/// As [`find`].
pub(crate) fn find_to_pin(
    explicit: Option<&Path>,
    target: &str,
    host: &str,
    inputs: &Inputs,
) -> Result<Found, Error> {
    search(explicit, target, host, inputs, false)
}

fn search(
    explicit: Option<&Path>,
    target: &str,
    host: &str,
    inputs: &Inputs,
    pinned: bool,
) -> Result<Found, Error> {
    let package = of_cargo("CARGO_MANIFEST_DIR").map(PathBuf::from);
    Search {
        pinned,
        explicit,
        target,
        host,
        package: package.as_deref(),
        root: Path::new("/"),
        inputs,
        tried: Vec::new(),
        absent: None,
    }
    .run()
}

/// A search, and what it has come by.
struct Search<'a> {
    /// Whether a pinned BTF in the package counts.
    pinned: bool,
    explicit: Option<&'a Path>,
    target: &'a str,
    host: &'a str,
    /// The folder of the package that is built.
    package: Option<&'a Path>,
    /// The folder that the system's files are below: `/` but in tests.
    root: &'a Path,
    inputs: &'a Inputs,
    tried: Vec<Place>,
    /// The pinned BTF that is not there.
    absent: Option<PathBuf>,
}

/// One of the places where a search looks; nothing where it is not there.
type Step = fn(&mut Search<'_>) -> Result<Option<(KernelBtf, PathBuf)>, Error>;

/// The places, in the order in which they are asked. What somebody has named, and a pinned file that
/// is there, have to serve: there is no falling back from them to another kernel's BTF.
const STEPS: [Step; 6] = [
    |search| search.named(search.explicit.map(PathBuf::from), "Builder::btf"),
    |search| {
        let name = format!("CTXGEN_BTF_{}", search.target.replace('-', "_"));
        let path = search.ask(&name);
        search.named(path, "CTXGEN_BTF_<target>")
    },
    |search| {
        let path = search.ask("CTXGEN_BTF");
        search.named(path, "CTXGEN_BTF")
    },
    |search| search.pinned(),
    |search| search.running(),
    |search| search.files(),
];

impl Search<'_> {
    fn run(mut self) -> Result<Found, Error> {
        for step in STEPS {
            if let Some((kernel, path)) = step(&mut self)? {
                return Ok(Found {
                    kernel,
                    path,
                    absent: self.absent,
                });
            }
        }
        Err(Error::NoBtf {
            target: self.target.to_owned(),
            tried: self.tried,
        })
    }

    fn miss(&mut self, place: impl fmt::Display, why: impl fmt::Display) {
        self.tried.push(Place {
            place: place.to_string(),
            why: why.to_string(),
        });
    }

    /// The file that a variable names.
    fn ask(&mut self, name: &str) -> Option<PathBuf> {
        let value = self.inputs.variable(name);
        if value.is_none() {
            self.miss(format_args!("the variable {name}"), "not set");
        }
        value.map(PathBuf::from)
    }

    fn named(
        &mut self,
        path: Option<PathBuf>,
        place: &'static str,
    ) -> Result<Option<(KernelBtf, PathBuf)>, Error> {
        match path {
            Some(path) => Ok(Some((read(&path, place, self.inputs)?, path))),
            None => Ok(None),
        }
    }

    fn pinned(&mut self) -> Result<Option<(KernelBtf, PathBuf)>, Error> {
        if !self.pinned {
            self.miss("a pinned BTF in the package", "it is what is to be made");
            return Ok(None);
        }
        let Some(package) = self.package else {
            self.miss(
                "a pinned BTF in the package",
                "CARGO_MANIFEST_DIR, which names the package's folder, is not set",
            );
            return Ok(None);
        };
        let path = places::pinned(package, self.target);
        match path.try_exists() {
            Ok(true) => {
                let kernel = read(&path, "the pinned BTF in the package", self.inputs)?;
                Ok(Some((kernel, path)))
            }
            Ok(false) => {
                self.miss(
                    format_args!("the package's pinned {}", path.display()),
                    "not there",
                );
                self.absent = Some(path);
                Ok(None)
            }
            Err(error) => {
                let error = ImageError::Read { path, error };
                Err(unusable("the pinned BTF in the package", error.into()))
            }
        }
    }

    fn running(&mut self) -> Result<Option<(KernelBtf, PathBuf)>, Error> {
        let path = places::running(self.root);
        let place = format!("the running kernel's {}", path.display());
        if !places::same_machine(self.target, self.host) {
            let why = self.other_machine();
            self.miss(place, why);
            return Ok(None);
        }
        match self.inputs.read_with(&path, KernelBtf::from_path) {
            Ok(kernel) => Ok(Some((kernel, path))),
            Err(
                KernelError::NoRunningBtf { error, .. }
                | KernelError::Image(ImageError::Read { error, .. }),
            ) => {
                self.miss(place, error);
                Ok(None)
            }
            Err(error) => Err(unusable("the running kernel", error)),
        }
    }

    fn files(&mut self) -> Result<Option<(KernelBtf, PathBuf)>, Error> {
        if !places::same_machine(self.target, self.host) {
            let why = self.other_machine();
            self.miss(
                "the running kernel's files in /boot, /usr/lib/debug and /lib/modules",
                why,
            );
            return Ok(None);
        }
        let files = match places::files(self.root) {
            Ok(files) => files,
            Err((place, error)) => {
                self.miss(
                    "the running kernel's files in /boot, /usr/lib/debug and /lib/modules",
                    format_args!(
                        "they are called by its release, and {} cannot be read: {error}",
                        place.display()
                    ),
                );
                return Ok(None);
            }
        };
        for path in files {
            match self.inputs.read_with(&path, KernelBtf::from_path) {
                Ok(kernel) => return Ok(Some((kernel, path))),
                // Nobody has said that there is BTF in it.
                Err(KernelError::Image(ImageError::Read { error, .. })) => {
                    self.miss(path.display(), error);
                }
                Err(error) => self.miss(path.display(), error),
            }
        }
        Ok(None)
    }

    fn other_machine(&self) -> String {
        format!(
            "this is {}, and the build is for another architecture",
            self.host
        )
    }
}

/// The kernel in a file that somebody has named.
///
/// # Errors
/// [`Error::Btf`].
pub(crate) fn open(path: &Path, place: &'static str, inputs: &Inputs) -> Result<Found, Error> {
    Ok(Found {
        kernel: read(path, place, inputs)?,
        path: path.to_owned(),
        absent: None,
    })
}

fn read(path: &Path, place: &'static str, inputs: &Inputs) -> Result<KernelBtf, Error> {
    let read = inputs.read_with(path, |path| {
        // A build script runs in its package's folder, and who named the file was elsewhere.
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        KernelBtf::from_path(absolute)
    });
    read.map_err(|error| unusable(place, error))
}

fn unusable(place: &'static str, error: KernelError) -> Error {
    Error::Btf {
        place,
        error: Box::new(error.into()),
    }
}

//! Which `vmlinux.h` the sources get.

use std::path::PathBuf;

use ctxgen::render;

use crate::cargo::Inputs;
use crate::error::Error;

/// Which `vmlinux.h` the sources are compiled with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vmlinux {
    /// What the sources can reach of the target kernel's types: what they name, what that holds by
    /// value, and what its members point to that they name. clang takes a fraction of the time that
    /// it takes with all types, and makes the same of the sources.
    ///
    /// What a source or its headers define themselves is left to them. Should something be missing,
    /// all types are taken, and a warning asks for a report.
    #[default]
    Trimmed,
    /// All types of the target kernel.
    Full,
    /// A header of the user's own, such as one that bpftool made.
    Provided(PathBuf),
}

impl Vmlinux {
    /// The header as the preprocessor needs it.
    pub(crate) fn for_preprocessor(&self, inputs: &Inputs) -> Result<Vec<u8>, Error> {
        match self {
            Self::Provided(path) => inputs.file(path),
            _ => Ok(render::vmlinux_without_types().into_bytes()),
        }
    }
}

//! Everything that can go wrong with virtual machines.

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitStatus;

use crate::vm::Arch;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A kernel image that cannot be read.
    #[error("cannot read the kernel image {}: {source}", path.display())]
    Image { path: PathBuf, source: io::Error },
    /// A file that is no kernel image that we know.
    #[error(
        "{} is no kernel image that can be booted here: neither an x86-64 bzImage, nor an \
         uncompressed arm64 Image, nor an s390x image; a compressed arm64 image has to be \
         decompressed first",
        path.display()
    )]
    NoImage { path: PathBuf },
    /// A file of ours that cannot be read or written.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A program that cannot be run.
    #[error(
        "cannot run {program}, which {purpose}: {source}; Debian has it in {}",
        packages.join(" and ")
    )]
    Program {
        program: String,
        purpose: String,
        packages: &'static [&'static str],
        source: io::Error,
    },
    /// The judge could not be compiled.
    #[error(
        "cannot compile the judge for {arch}: `{command}` ended with {status}:\n{messages}\
         (Debian has what it needs in {})",
        packages.join(" and ")
    )]
    Compile {
        arch: Arch,
        command: String,
        status: ExitStatus,
        messages: String,
        packages: &'static [&'static str],
    },
    /// Some kernels did not come to the end of their plan.
    #[error("not all is as it should be on {}; see above", names.join(", "))]
    Unfinished { names: Vec<String> },
}

impl Error {
    /// For a file of ours: what could not be done with it, as in "write".
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::File {
            doing,
            path,
            source,
        }
    }
}

//! Everything that can go wrong with virtual machines.

use std::error;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use crate::vm::Arch;

/// What went wrong.
#[derive(Debug)]
pub(crate) enum Error {
    /// A kernel image that cannot be read.
    Image { path: PathBuf, source: io::Error },
    /// A file that is no kernel image that we know.
    NoImage { path: PathBuf },
    /// A file of ours that cannot be read or written.
    File {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A program that cannot be run.
    Program {
        program: String,
        purpose: String,
        packages: &'static [&'static str],
        source: io::Error,
    },
    /// The judge could not be compiled.
    Compile {
        arch: Arch,
        command: String,
        status: ExitStatus,
        messages: String,
        packages: &'static [&'static str],
    },
    /// Some kernels did not come to the end of their plan.
    Unfinished { names: Vec<String> },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image { path, source } => write!(
                f,
                "cannot read the kernel image {}: {source}",
                path.display()
            ),
            Self::NoImage { path } => write!(
                f,
                "{} is no kernel image that can be booted here: neither an x86-64 bzImage, nor an \
                 uncompressed arm64 Image, nor an s390x image; a compressed arm64 image has to be \
                 decompressed first",
                path.display()
            ),
            Self::File {
                doing,
                path,
                source,
            } => write!(f, "cannot {doing} {}: {source}", path.display()),
            Self::Program {
                program,
                purpose,
                packages,
                source,
            } => write!(
                f,
                "cannot run {program}, which {purpose}: {source}; Debian has it in {}",
                packages.join(" and ")
            ),
            Self::Compile {
                arch,
                command,
                status,
                messages,
                packages,
            } => write!(
                f,
                "cannot compile the judge for {arch}: `{command}` ended with {status}:\n{messages}\
                 (Debian has what it needs in {})",
                packages.join(" and ")
            ),
            Self::Unfinished { names } => write!(
                f,
                "not all is as it should be on {}; see above",
                names.join(", ")
            ),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Image { source, .. }
            | Self::File { source, .. }
            | Self::Program { source, .. } => Some(source),
            _ => None,
        }
    }
}

//! Why the prototypes of a program in user space are not known.

use std::error::Error;
use std::path::PathBuf;

use crate::btf::BtfError;
use crate::image::ImageError;

/// Why the prototypes of a program in user space are not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UserError {
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] ImageError),
    /// The BTF in the file is malformed.
    #[error("{} cannot be used as BTF: {error}", path.display())]
    BadBtf {
        /// The program's file.
        path: PathBuf,
        /// What is wrong with it.
        error: BtfError,
    },
    /// A program in user space without anything that has its functions' prototypes.
    #[error(
        "{} has no prototypes of its functions: neither debug information (cc -g) nor a .BTF section \
         (gcc -gbtf, pahole -J){}", path.display(), tried_debug(tried)
    )]
    NoTypes {
        /// The program's file.
        path: PathBuf,
        /// The files with its debug information that are not there, or of another build.
        tried: Vec<PathBuf>,
    },
    /// A program of 32 bits.
    #[error(
        "{} is a 32-bit program: ctxgen does not know in which registers its functions have their \
         arguments", path.display()
    )]
    Program32 {
        /// The program's file.
        path: PathBuf,
    },
    /// Its debug information cannot be read.
    #[error(
        "the debug information of {} cannot be read{}: {error}",
        path.display(),
        if file == path { String::new() } else { format!(" from {}", file.display()) }
    )]
    Dwarf {
        /// The program's file.
        path: PathBuf,
        /// The file with its debug information.
        file: PathBuf,
        /// What is wrong.
        error: Box<dyn Error + Send + Sync>,
    },
}

/// Where debug information was looked for.
fn tried_debug(tried: &[PathBuf]) -> String {
    if !cfg!(feature = "dwarf") {
        return "; and debug information is read with the feature `dwarf` alone".to_owned();
    }
    match tried {
        [] => "; and no build id or link leads to a file that could have them".to_owned(),
        tried => {
            let tried: Vec<_> = tried
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            format!("; and no file of the same build is at {}", tried.join(", "))
        }
    }
}

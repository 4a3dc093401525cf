//! Why a kernel's BTF, or what stands beside it, cannot be used.

use std::path::PathBuf;

use super::Origin;
use crate::btf::BtfError;
use crate::btf::ByteOrder;
use crate::image::ImageError;
use crate::module::ModuleError;
use crate::tracefs::TracefsError;
use crate::user::UserError;

/// Why a kernel's BTF, or what stands beside it, cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KernelError {
    /// There is no BTF in a file, or the file cannot be read.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The formats of the kernel's trace events cannot be read.
    #[error(transparent)]
    Tracefs(#[from] TracefsError),
    /// The prototypes of a program in user space are not known.
    #[error(transparent)]
    User(#[from] UserError),
    /// The kernel's symbols cannot be read.
    #[error(
        "{}: {reason}. A kernel's symbols are in its System.map, and where it runs in /proc/kallsyms",
        path.display()
    )]
    Symbols {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The running kernel shows no BTF.
    #[error(
        "the running kernel has no BTF at {}: {error}. It exists if the kernel was built with \
         CONFIG_DEBUG_INFO_BTF=y and /sys is mounted; otherwise, give the target kernel's BTF as a \
         file", path.display()
    )]
    NoRunningBtf {
        /// Where it would be.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The bytes are not BTF.
    #[error("{origin} cannot be used as BTF: {error}")]
    BadBtf {
        /// Where the bytes came from.
        origin: Origin,
        /// What is wrong with them.
        error: BtfError,
    },
    /// What stands beside a pinned BTF cannot be read.
    #[error(
        "{}:{line} is not a line that ctxgen writes: {text:?}. Renew the pinned BTF beside it, or remove \
         this file", path.display()
    )]
    BadPinNote {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// The running kernel shows no BTF of a module.
    #[error(
        "the running kernel has no BTF of a module {name} at {}: {error}. It exists if the module is \
         loaded and the kernel was built with CONFIG_DEBUG_INFO_BTF_MODULES=y; code that is built into the \
         kernel is in the kernel's own BTF", path.display()
    )]
    NoRunningModule {
        /// The module's name, as it was given.
        name: String,
        /// Where it would be.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A module's BTF cannot be put on top of the kernel's.
    #[error("the module {module} cannot be used with {origin}: {error}")]
    Module {
        /// The module's name, and its file where it is from one.
        module: String,
        /// The kernel.
        origin: Origin,
        /// What is wrong.
        error: Box<ModuleError>,
    },
    /// The BTF of a program in user space is for another machine than the kernel.
    #[error(
        "{} is {user}, and {origin} is {kernel}: the program is not for that kernel", path.display()
    )]
    UserByteOrder {
        /// The program's file.
        path: PathBuf,
        /// Its byte order.
        user: ByteOrder,
        /// The kernel's.
        kernel: ByteOrder,
        /// The kernel.
        origin: Origin,
    },
}

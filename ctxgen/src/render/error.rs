//! Why there is no header, or no list.

use crate::btf::BtfError;
use crate::declaration::DeclarationError;
use crate::kernel::NotPinned;
use crate::kernel::Origin;

/// Why there is no header, or no list.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A type or a name cannot be written in C.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// A pinned BTF lacks what sources reach.
    #[error(transparent)]
    NotPinned(#[from] NotPinned),
    /// A copy of the kernel's BTF with names for C was refused; a bug in ctxgen.
    #[error("the BTF of {origin} with names for C is refused: {error}; please report this")]
    Respelled {
        /// The kernel's.
        origin: Origin,
        /// What is wrong with it.
        error: BtfError,
    },
}

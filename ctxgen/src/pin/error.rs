//! Why a BTF cannot be pinned.

use crate::kernel::NotPinned;
use crate::prototype::PrototypeError;

/// Why a BTF cannot be pinned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The kernel lacks a hook.
    #[error(transparent)]
    Prototype(#[from] PrototypeError),
    /// The kernel's BTF is itself a pinned one, and of something else.
    #[error(transparent)]
    NotPinned(#[from] NotPinned),
}

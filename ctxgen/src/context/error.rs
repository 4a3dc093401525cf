//! Why there are no contexts for several kernels, or no BTF of contexts.

use crate::btf::BtfError;
use crate::kernel::Origin;
use crate::prototype::PrototypeError;

/// Why there are no contexts for several kernels, or no BTF of contexts.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContextError {
    /// The hook has no prototype.
    #[error(transparent)]
    Prototype(#[from] PrototypeError),
    /// Contexts for several kernels were asked for, and no kernel was given.
    #[error("there is no kernel to make contexts for")]
    NoKernel,
    /// A context BTF of our own making was refused; a bug in ctxgen.
    #[error("the context BTF on top of {origin} is refused: {error}; please report this")]
    Generated {
        /// The base.
        origin: Origin,
        /// What is wrong with it.
        error: BtfError,
    },
}

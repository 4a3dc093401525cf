//! Why a type is not declared in C.

use crate::btf::DumpError;
use crate::kernel::Origin;

/// Why a type is not declared in C.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// A name in BTF that must not reach generated code.
    #[error(
        "{origin} has a name that is not valid in C, or longer than 511 bytes: {name:?} ({place})"
    )]
    BadName {
        /// Where the BTF came from.
        origin: Origin,
        /// The name.
        name: String,
        /// What bears it.
        place: String,
    },
    /// Types could not be written in C.
    #[error("{origin}: {error}")]
    Dump {
        /// Where the BTF came from.
        origin: Origin,
        /// Why not.
        error: DumpError,
    },
}

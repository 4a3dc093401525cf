//! Why contexts cannot be compared.

use super::targets::TargetError;
use crate::declaration::DeclarationError;
use crate::object::ObjectError;

/// Why contexts cannot be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The object cannot be read.
    #[error("the BPF object cannot be read: {0}")]
    Object(ObjectError),
    /// The object is none for this kernel.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A type or a name cannot be written in C.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
}

impl From<ObjectError> for CompareError {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

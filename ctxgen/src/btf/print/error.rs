//! Why a type cannot be written in C.

use crate::btf::KSYM_NAME_LEN;
use crate::btf::TypeId;

/// Why C text could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DumpError {
    /// Types hold each other in a circle, or are nested deeper than any compiler does.
    #[error("type {0} is nested in itself or too deeply")]
    Nesting(TypeId),
    /// A type would be written in more text than any compiler's is.
    #[error("type {0} takes too much text")]
    TooMuch(TypeId),
    /// A number has no size, or a struct's members are where no compiler puts them.
    #[error("type {0} has a size, or members at offsets, that no compiler gives a type")]
    Layout(TypeId),
    /// A function, a variable or a section in the place of a type.
    #[error("type {0} is not one that a declaration in C can have")]
    NoType(TypeId),
    /// A name is longer than any of the kernel's (`KSYM_NAME_LEN`), or no UTF-8.
    #[error(
        "a name in type {0} is longer than the {longest} bytes of the kernel's names, or no UTF-8",
        longest = KSYM_NAME_LEN - 1
    )]
    TooLong(TypeId),
}

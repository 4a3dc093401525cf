//! What a program uses: the identifiers of its preprocessed sources, and the types of the kernel that
//! these lead to.

pub(crate) mod closure;
pub(crate) mod identifiers;

//! What the lookups that resolve a hook have come to.
//!
//! A BTF that has the types of such a record, in their order, answers the same lookups alike: what a lookup
//! by name finds is all there, and so is what is taken from a longer list. So a pinned BTF and the loader's
//! are made from it, and no other place says what resolving a hook takes.

use std::collections::BTreeSet;

use crate::btf::TypeId;

/// What was looked up in a kernel's BTF.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched {
    /// The types that were found, which are needed whole.
    pub(crate) types: BTreeSet<TypeId>,
    /// Unions of which only members of some names are needed, and these names.
    pub(crate) members: BTreeSet<(TypeId, String)>,
    /// Trace events, by category and name, whose formats were asked for.
    pub(crate) formats: BTreeSet<(String, String)>,
    /// The names that were asked for.
    pub(crate) asked: BTreeSet<String>,
    /// The types that were asked for as C writes them.
    pub(crate) written: BTreeSet<String>,
}

//! What resolving a hook looks up in a kernel's BTF, for those who pick a part of it.

use super::function;
use super::iter;
use super::lsm;
use super::tracepoint;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::Named;

/// Something that is looked up by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A type of that kind and name, with all that it is made of.
    Type(Named, String),
    /// A member of a union of the kernel's.
    Member(&'static str, String),
    /// Functions whose names start so, for their parameters' names, where they have the types of a
    /// tracepoint that is looked up too.
    SameTypes(&'static str),
    /// Tags of this name on the functions that are looked up.
    Tag(&'static str),
}

/// All that [`super::resolve`] looks up for a hook.
pub(crate) fn lookups(hook: &Hook) -> Vec<Lookup> {
    let target = hook.target();
    match hook.family().prototypes() {
        Prototypes::Tracepoint { .. } => tracepoint::lookups(target),
        Prototypes::Function => function::lookups(target),
        Prototypes::Lsm => lsm::lookups(target),
        Prototypes::Iterator => iter::lookups(target),
    }
}

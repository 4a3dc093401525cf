//! What resolving a hook looks up in a kernel's BTF, for those who pick a part of it.

use super::event;
use super::function;
use super::generic;
use super::iter;
use super::lsm;
use super::struct_ops;
use super::system_call;
use super::tracepoint;
use super::user;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::prototype::syscall;

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
    /// Structs of the second prefix, where a function of one of the first ones has what is behind it as
    /// its name's rest and the types of a tracepoint that is looked up too; all, where there is none.
    Classes {
        /// The prefixes of the functions.
        funcs: &'static [&'static str],
        /// The prefix of the structs.
        structs: &'static str,
    },
    /// Functions whose names end in `_` and this, for their parameters' names, where they have the types
    /// of the member of that name in an ops type that is looked up too.
    MemberTypes(String),
    /// Tags of this name on the functions that are looked up.
    Tag(&'static str),
}

/// What resolving a hook comes to by something else than names that the hook tells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    /// Types of the kernel's.
    pub(crate) types: Vec<TypeId>,
    /// Trace events, by category and name, of which tracefs has something to say.
    pub(crate) formats: Vec<(String, String)>,
}

/// What of this kernel [`super::resolve`] needs for a hook beside [`lookups`].
pub(crate) fn settled(kernel: &KernelBtf, hook: &Hook) -> Settled {
    match hook.family().prototypes() {
        _ if hook.is_generic() => Settled::default(),
        Prototypes::Event => event::settled(kernel, hook),
        Prototypes::SystemCall => syscall::settled(kernel, hook.target()),
        Prototypes::Function if hook.family().passing() == Passing::Registers => {
            system_call::settled_of_wrapper(kernel, hook.target())
        }
        Prototypes::User => user::settled(kernel, hook),
        _ => Settled::default(),
    }
}

/// All that [`super::resolve`] looks up for a hook.
pub(crate) fn lookups(hook: &Hook) -> Vec<Lookup> {
    if hook.is_generic() {
        return generic::lookups(hook);
    }
    let target = hook.target();
    let mut lookups = match hook.family().prototypes() {
        Prototypes::Tracepoint { .. } => tracepoint::lookups(target),
        Prototypes::Function => function::lookups(hook),
        Prototypes::Lsm => lsm::lookups(target),
        Prototypes::Iterator => iter::lookups(target),
        Prototypes::StructOps => struct_ops::lookups(hook),
        Prototypes::SystemCall => system_call::lookups(target),
        Prototypes::Event => event::lookups(hook),
        // What the kernel's BTF is not asked for.
        Prototypes::User | Prototypes::None => Vec::new(),
    };
    if hook.family().passing() == Passing::Registers {
        lookups.extend(generic::registers_lookups());
    }
    lookups
}

//! What resolving a hook looks up in a kernel's BTF, for those who pick a part of it.

use super::Lookup;
use super::event;
use super::function;
use super::generic;
use super::iter;
use super::lsm;
use super::struct_ops;
use super::system_call;
use super::tracepoint;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;

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

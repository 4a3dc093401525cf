//! What resolving a hook looks up in a kernel's BTF, for those who pick a part of it.

use super::Lookup;
use super::Settled;
use super::event;
use super::function;
use super::generic;
use super::iter;
use super::lsm;
use super::struct_ops;
use super::system_call;
use super::tracepoint;
use super::user;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::prototype::syscall;

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

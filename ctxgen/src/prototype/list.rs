//! All hooks of a kernel.

use super::event;
use super::function;
use super::iter;
use super::lsm;
use super::struct_ops;
use super::system_call;
use super::tracepoint;
use super::user;
use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::text::nearest::nearest;

/// All hooks of a family that `kernel` and its modules have, those that cannot be attached to
/// included: the kernel's own, sorted by target, then module by module those that name their module.
///
/// Targets that are no C identifiers are left out: no SEC name reaches them. Of `fmod_ret`, the
/// functions are listed that are known to be open to it by their name.
pub fn hooks(kernel: &KernelBtf, family: Family) -> impl Iterator<Item = Hook> {
    all(kernel, family).into_iter()
}

/// All hooks of a family, sorted.
pub(super) fn all(kernel: &KernelBtf, family: Family) -> Vec<Hook> {
    let targets = match family.prototypes() {
        Prototypes::Tracepoint { typedef } => tracepoint::targets(kernel, typedef),
        Prototypes::Function => function::targets(kernel, family),
        Prototypes::Lsm => lsm::targets(kernel),
        Prototypes::Iterator => iter::targets(kernel),
        Prototypes::StructOps => struct_ops::targets(kernel),
        Prototypes::SystemCall => system_call::targets(kernel),
        Prototypes::Event => event::targets(kernel),
        Prototypes::User => user::targets(kernel),
        Prototypes::None => Vec::new(),
    };
    // No SEC name reaches a target that is no identifier, and where one does, it has no struct of its own.
    let mut hooks: Vec<Hook> = targets
        .iter()
        .filter_map(|target| Hook::new(family, target).ok())
        .filter(|hook| !hook.is_generic())
        .collect();
    hooks.sort_unstable();
    hooks.dedup();
    hooks
}

/// The hooks with the names nearest to one.
pub(super) fn nearest_of(all: &[Hook], name: &str) -> Vec<String> {
    nearest(name, all.iter().map(Hook::own_name))
        .iter()
        .filter_map(|name| all.iter().find(|hook| hook.own_name() == name))
        .map(ToString::to_string)
        .collect()
}

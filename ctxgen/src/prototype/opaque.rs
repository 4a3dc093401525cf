//! Hooks whose prototypes pass what BTF has in a kind that ctxgen does not know.

use std::collections::BTreeSet;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;

/// The unknown kind in the prototype of a hook that has none otherwise. `asked` are the names that were looked
/// up for it.
pub(super) fn kind(kernel: &KernelBtf, hook: &Hook, asked: &BTreeSet<String>) -> Option<u32> {
    if hook.family().prototypes() == Prototypes::User {
        let mut users = kernel.users().iter();
        let found = users.find_map(|user| of_name(&user.btf, hook.target()));
        return found.map(|(_, kind)| kind);
    }
    let mut names = asked.iter().filter(|name| !name.is_empty());
    let (id, kind) = names.find_map(|name| of_name(kernel.btf(), name))?;
    kernel.touch(id);
    Some(kind)
}

/// A function or a tracepoint's typedef that is of an unknown kind, by its name, and that kind.
fn of_name(btf: &Btf<'_>, name: &str) -> Option<(TypeId, u32)> {
    let offsets = btf.name_offsets(name);
    if offsets.is_empty() {
        return None;
    }
    let mut named = btf.types().filter(|ty| offsets.contains(&ty.name_offset()));
    named.find_map(|ty| Some((ty.id(), unknown(btf, &ty)?)))
}

fn unknown(btf: &Btf<'_>, ty: &Type<'_>) -> Option<u32> {
    let target = match ty.kind() {
        Kind::Unknown { kind } => return Some(kind),
        Kind::Typedef(_) => btf.resolve(ty.id())?,
        _ => return None,
    };
    let target = match target.kind() {
        Kind::Ptr(to) => btf.get(to)?,
        _ => target,
    };
    match target.kind() {
        Kind::Unknown { kind } => Some(kind),
        _ => None,
    }
}

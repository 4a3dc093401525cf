//! The context structs in an object's own BTF.

use std::sync::LazyLock;

use crate::btf::Btf;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::compare::drift::Slot;
use crate::compare::drift::Slots;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Returned;
use crate::kernel::Origin;
use crate::layout::RET;
use crate::object::context_fields;
use crate::object::own_type;

/// The arguments of a hook's context struct, with their own types.
pub(super) fn arguments<'b>(btf: &'b Btf<'_>, id: TypeId, hook: &Hook) -> Slots<'b> {
    let has_result = hook.family().returned() != Returned::No;
    let args = context_fields(btf, id).map(|member| Slot {
        is_result: has_result && member.name == RET,
        ..argument(btf, id, member)
    });
    slots(btf, args.collect())
}

pub(super) fn slots<'b>(btf: &'b Btf<'_>, args: Vec<Slot>) -> Slots<'b> {
    static OBJECT: LazyLock<Origin> = LazyLock::new(|| Origin::Memory("the object".to_owned()));
    Slots {
        btf,
        origin: &OBJECT,
        // It says nothing of that, and what it is held against does.
        passing: Passing::Slots,
        is_own: false,
        is_user: false,
        args,
    }
}

/// The argument that a member of a context struct stands for.
pub(super) fn argument(btf: &Btf<'_>, of: TypeId, member: Member<'_>) -> Slot {
    Slot {
        name: member.name.to_owned(),
        type_id: own_type(btf, of, member).unwrap_or(member.type_id),
        offset: member.bit_offset / 8,
        is_result: false,
    }
}

//! The context structs in an object's own BTF.

use std::sync::LazyLock;

use crate::btf::Btf;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::drift::Slot;
use crate::drift::Slots;
use crate::hook::Passing;
use crate::kernel::Origin;
use crate::object::context_fields;
use crate::object::own_type;

/// The arguments of a context struct, with their own types.
pub(super) fn arguments<'b>(btf: &'b Btf<'_>, id: TypeId) -> Slots<'b> {
    let args = context_fields(btf, id).map(|member| argument(btf, id, member));
    slots(btf, args.collect())
}

pub(super) fn slots<'b>(btf: &'b Btf<'_>, args: Vec<Slot>) -> Slots<'b> {
    static OBJECT: LazyLock<Origin> = LazyLock::new(|| Origin::Memory("the object".to_owned()));
    Slots {
        btf,
        origin: &OBJECT,
        // It says nothing of that, and what it is held against does.
        passing: Passing::Slots,
        args,
    }
}

/// The argument that a member of a context struct stands for.
pub(super) fn argument(btf: &Btf<'_>, of: TypeId, member: Member<'_>) -> Slot {
    Slot {
        name: member.name.to_owned(),
        type_id: own_type(btf, of, member).unwrap_or(member.type_id),
        offset: member.bit_offset / 8,
    }
}

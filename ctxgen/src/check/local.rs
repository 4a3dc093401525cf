//! The context structs in an object's own BTF.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::btf::Btf;
use crate::btf::TypeId;
use crate::drift::Slot;
use crate::drift::Slots;
use crate::kernel::Origin;
use crate::object::ObjectFile;
use crate::object::Program;
use crate::object::Step;
use crate::object::context_fields;
use crate::object::own_type;

/// The arguments of a context struct, with their own types.
pub(super) fn arguments<'b>(btf: &'b Btf<'_>, id: TypeId) -> Slots<'b> {
    static OBJECT: LazyLock<Origin> = LazyLock::new(|| Origin::Memory("the object".to_owned()));
    let args = context_fields(btf, id)
        .map(|member| Slot {
            name: member.name.to_owned(),
            type_id: own_type(btf, id, member).unwrap_or(member.type_id),
            offset: member.bit_offset / 8,
        })
        .collect();
    Slots {
        btf,
        origin: &OBJECT,
        args,
    }
}

/// The fields of its context that a program cannot do without, if it does not ask first.
pub(super) fn accessed<'o>(
    object: &'o ObjectFile,
    program: &Program,
    context: TypeId,
) -> BTreeSet<&'o str> {
    object
        .relocations()
        .iter()
        .filter(|relocation| relocation.kind.needs_target() && relocation.type_id == context)
        .filter(|relocation| {
            // Functions that programs call may be any program's.
            object
                .program_of(relocation)
                .is_none_or(|of| of.name == program.name)
        })
        .filter_map(|relocation| {
            let steps = object.steps(relocation)?;
            steps.into_iter().find_map(|step| match step {
                Step::Member { name, .. } => Some(name),
                Step::Element(_) => None,
            })
        })
        .collect()
}

/// The accessed ones of `ours`, under the names that the arguments have in the kernel: a field
/// `error___int` is the argument `error` where that is an `int`.
pub(super) fn named_as<'b>(
    ours: &Slots<'b>,
    accessed: &BTreeSet<&str>,
    theirs: &Slots<'_>,
) -> Slots<'b> {
    let is_theirs = |name: &str| theirs.args.iter().any(|slot| slot.name == name);
    let args = ours
        .args
        .iter()
        .filter(|slot| accessed.contains(slot.name.as_str()))
        .map(|slot| {
            let plain = slot
                .name
                .match_indices("___")
                .map(|(at, _)| &slot.name[..at])
                .find(|plain| is_theirs(plain));
            Slot {
                name: match plain {
                    Some(plain) if !is_theirs(&slot.name) => plain.to_owned(),
                    _ => slot.name.clone(),
                },
                ..slot.clone()
            }
        })
        .collect();
    Slots {
        btf: ours.btf,
        origin: ours.origin,
        args,
    }
}

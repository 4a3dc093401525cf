//! The context structs in an object's own BTF.

use std::collections::BTreeSet;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::drift::Slot;
use crate::drift::Slots;
use crate::kernel::Origin;
use crate::layout::SLOT;
use crate::object::ObjectFile;
use crate::object::Program;
use crate::object::Step;
use crate::render::members;

/// The member with the arguments' own types, where fields are slots.
const OWN: &str = "__own";

/// The arguments of a context struct, with their own types.
pub(super) fn slots<'b>(btf: &'b Btf<'_>, id: TypeId) -> Slots<'b> {
    static OBJECT: std::sync::LazyLock<Origin> =
        std::sync::LazyLock::new(|| Origin::Memory("the object".to_owned()));
    let all = members(btf, id);
    let own = all.iter().find(|member| member.name == OWN);
    let own_types = match own.and_then(|own| Some(btf.resolve(own.type_id)?.kind())) {
        Some(Kind::Array { element, .. }) => btf.resolve(element).map(|ty| members(btf, ty.id())),
        _ => None,
    };
    let own_types = own_types.unwrap_or_default();
    let args = all
        .iter()
        .filter(|member| !member.name.is_empty() && member.name != OWN)
        .map(|member| {
            let own = own_types.iter().find(|own| own.name == member.name);
            Slot {
                name: member.name.to_owned(),
                type_id: match own {
                    Some(own) if is_slots(btf, member.type_id) => own.type_id,
                    _ => member.type_id,
                },
                offset: member.bit_offset / 8,
            }
        })
        .collect();
    Slots {
        btf,
        origin: &OBJECT,
        args,
    }
}

/// Whether a field is declared as one or more whole slots.
fn is_slots(btf: &Btf<'_>, id: TypeId) -> bool {
    match btf.resolve(id).map(|ty| ty.kind()) {
        Some(Kind::Array { element, .. }) => is_slots(btf, element),
        Some(Kind::Int { size, .. }) => size == SLOT,
        _ => false,
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

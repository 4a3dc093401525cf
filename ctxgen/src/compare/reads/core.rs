//! What CO-RE makes of an object's relocations on a kernel, as libbpf's `relo_core.c` does.

use std::ffi::CString;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::object::ObjectFile;
use crate::object::Relocation;
use crate::object::RelocationKind;
use crate::object::Step;

/// How deep anonymous members may be within each other.
const MAX_DEPTH: u32 = 16;
/// How many structs of one name are looked at.
const MAX_CANDIDATES: usize = 16;

/// What a relocation finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finds {
    /// What it is about.
    Something,
    /// The kernel does not have it.
    Nothing,
    /// It is not known.
    Unknown,
}

/// What a relocation finds in a kernel.
pub(super) fn finds(object: &ObjectFile, kernel: &KernelBtf, relocation: &Relocation) -> Finds {
    let btf = object.btf();
    let Some(ty) = btf.get(relocation.type_id) else {
        return Finds::Unknown;
    };
    // Those of ctxgen's contexts are the loader's.
    if object.context_hook(relocation.type_id).is_some() || ty.name().is_empty() {
        return Finds::Unknown;
    }
    let name = essential_name(ty.name());
    let candidates = |named| kernel.candidates(named, name).take(MAX_CANDIDATES);
    let answered = |is_there: bool| match is_there {
        true => Finds::Something,
        false => Finds::Nothing,
    };
    match (relocation.kind, ty.kind()) {
        (RelocationKind::TypeIdLocal, _) => Finds::Something,
        (kind, Kind::Struct(_) | Kind::Union(_)) => {
            let named = match ty.kind() {
                Kind::Struct(_) => Named::Struct,
                _ => Named::Union,
            };
            match kind {
                kind if kind.is_of_field() => {
                    let Some(steps) = object.steps(relocation) else {
                        return Finds::Unknown;
                    };
                    let mut found = candidates(named);
                    answered(found.any(|ty| has_field(btf, &steps, kernel.btf(), ty.id())))
                }
                RelocationKind::TypeExists
                | RelocationKind::TypeSize
                | RelocationKind::TypeIdTarget => answered(candidates(named).next().is_some()),
                RelocationKind::TypeMatches => match candidates(named).next() {
                    Some(_) => Finds::Unknown,
                    None => Finds::Nothing,
                },
                _ => Finds::Unknown,
            }
        }
        (
            RelocationKind::TypeExists | RelocationKind::TypeSize | RelocationKind::TypeIdTarget,
            Kind::Typedef(_),
        ) => answered(candidates(Named::Typedef).next().is_some()),
        (
            RelocationKind::EnumValueExists | RelocationKind::EnumValue,
            Kind::Enum { .. } | Kind::Enum64 { .. },
        ) => enum_value(object, kernel, relocation, name),
        _ => Finds::Unknown,
    }
}

fn enum_value(
    object: &ObjectFile,
    kernel: &KernelBtf,
    relocation: &Relocation,
    name: &str,
) -> Finds {
    let (Some(value), Ok(name)) = (value_name(object, relocation), CString::new(name)) else {
        return Finds::Unknown;
    };
    let value = essential_name(&value);
    let kinds = [libbpf_sys::BTF_KIND_ENUM, libbpf_sys::BTF_KIND_ENUM64];
    let mut found = kinds
        .into_iter()
        .filter_map(|kind| kernel.btf().find(&name, kind));
    let has = |ty: crate::btf::Type<'_>| {
        let values = ty.enumerators();
        values
            .iter()
            .any(|known| essential_name(known.name) == value)
    };
    match found.any(has) {
        true => Finds::Something,
        false => Finds::Nothing,
    }
}

/// The enumerator that a relocation of one is about, as the object calls it.
fn value_name(object: &ObjectFile, relocation: &Relocation) -> Option<String> {
    let ty = object.btf().get(relocation.type_id)?;
    let number = relocation.access.parse::<usize>().ok()?;
    let values = ty.enumerators();
    values.get(number).map(|value| value.name.to_owned())
}

/// Where a kernel's struct has the member of it that a relocation leads to, in bytes, and what the member is
/// called; `None` where that is not known.
pub(super) fn member_at(
    object: &ObjectFile,
    kernel: &KernelBtf,
    relocation: &Relocation,
) -> Option<(String, u32)> {
    let ty = object.btf().get(relocation.type_id)?;
    let steps = object.steps(relocation)?;
    let Some(Step::Member { name, .. }) = steps.get(1) else {
        return None;
    };
    let mut found = kernel.candidates(Named::Struct, essential_name(ty.name()));
    let (at, _) = found.find_map(|ty| kernel.btf().member_named(ty.id(), name))?;
    Some(((*name).to_owned(), at))
}

/// How many bytes behind the start of a kernel's struct what a relocation leads to is; `None` where that is not
/// known.
pub(super) fn offset_of(
    object: &ObjectFile,
    kernel: &KernelBtf,
    relocation: &Relocation,
) -> Option<u32> {
    let ty = object.btf().get(relocation.type_id)?;
    let steps = object.steps(relocation)?;
    let btf = kernel.btf();
    let mut found = kernel.candidates(Named::Struct, essential_name(ty.name()));
    found.find_map(|root| {
        let (mut id, mut at) = (root.id(), 0_u32);
        for step in steps.iter().skip(1) {
            let (within, next) = match *step {
                Step::Element(number) => match btf.resolve(id)?.kind() {
                    Kind::Array { element, .. } => {
                        (number.checked_mul(btf.size_of(element)?)?, element)
                    }
                    _ => return None,
                },
                Step::Member { name: "", .. } => (0, id),
                Step::Member { name, .. } => btf.member_named(id, name)?,
            };
            at = at.checked_add(within)?;
            id = next;
        }
        Some(at)
    })
}

/// What a relocation is about, for people: `task_struct.state`.
pub(super) fn named(object: &ObjectFile, relocation: &Relocation) -> String {
    let ty = object.btf().get(relocation.type_id);
    let mut text = ty.map_or_else(String::new, |ty| essential_name(ty.name()).to_owned());
    for step in object.steps(relocation).into_iter().flatten() {
        if let Step::Member { name, .. } = step
            && !name.is_empty()
        {
            text.push('.');
            text.push_str(name);
        }
    }
    let value = match relocation.kind {
        RelocationKind::EnumValueExists | RelocationKind::EnumValue => {
            value_name(object, relocation)
        }
        _ => None,
    };
    value.unwrap_or(text)
}

/// Whether a struct of the kernel has the field that these steps lead to.
fn has_field(local: &Btf<'_>, steps: &[Step<'_>], btf: &Btf<'_>, root: TypeId) -> bool {
    let mut id = root;
    // The first is an element of an array of the root type.
    for step in steps.iter().skip(1) {
        match *step {
            Step::Element(_) => match btf.resolve(id).map(|ty| ty.kind()) {
                Some(Kind::Array { element, .. }) => id = element,
                _ => return false,
            },
            Step::Member { name: "", .. } => {}
            Step::Member { of, name } => {
                let Some(found) = member(btf, id, name, MAX_DEPTH) else {
                    return false;
                };
                let ours = member(local, of, name, 1);
                if ours.is_some_and(|ours| !is_compatible((local, ours), (btf, found))) {
                    return false;
                }
                id = found;
            }
        }
    }
    true
}

/// The type of a member, which may be in an anonymous one.
fn member(btf: &Btf<'_>, of: TypeId, name: &str, depth: u32) -> Option<TypeId> {
    let depth = depth.checked_sub(1)?;
    let composite = match btf.resolve(of)?.kind() {
        Kind::Struct(composite) | Kind::Union(composite) => composite,
        _ => return None,
    };
    composite.members().find_map(|known| match known.name {
        "" => member(btf, known.type_id, name, depth),
        known_name if known_name == name => Some(known.type_id),
        _ => None,
    })
}

/// As `bpf_core_fields_are_compat`: of the same kind, the two kinds of enum being one, and so are struct and
/// union.
fn is_compatible(local: (&Btf<'_>, TypeId), target: (&Btf<'_>, TypeId)) -> bool {
    let mut sides = (local.1, target.1);
    for _ in 0..MAX_DEPTH {
        let (Some(a), Some(b)) = (local.0.resolve(sides.0), target.0.resolve(sides.1)) else {
            return true;
        };
        match (a.kind(), b.kind()) {
            (Kind::Array { element: a, .. }, Kind::Array { element: b, .. }) => sides = (a, b),
            (Kind::Struct(_) | Kind::Union(_), Kind::Struct(_) | Kind::Union(_)) => return true,
            (Kind::Enum { .. } | Kind::Enum64 { .. }, Kind::Enum { .. } | Kind::Enum64 { .. }) => {
                return true;
            }
            _ => return a.kind_number() == b.kind_number(),
        }
    }
    true
}

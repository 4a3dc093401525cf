//! Whether a value can be read as what it is meant to be.
//!
//! A number is no pointer, and a pointer to one struct is none to another. But C's habits pass: a pointer
//! as `void *` or as an integer of its size, a struct as the one that it starts with, an integer as a
//! longer or shorter one.

use std::collections::BTreeMap;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::object::meant::Meaning;
use crate::object::meant::PointsTo;

/// The size of a pointer.
const POINTER: u32 = 8;
/// How deep a struct may be within another at its start.
const MAX_DEPTH: u32 = 8;
/// How many members of a struct are looked at.
const MAX_MEMBERS: usize = 4096;

/// How a value fits what it is meant to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is that.
    Same,
    /// It can be read so, whatever it is: nothing follows from it.
    Loose,
    /// The one's struct starts with the other's.
    StartsWith,
    /// The number has another size.
    OtherSize,
    /// It is something else.
    No,
    /// It may be something else.
    Unsure,
    /// The kernel does not have that struct.
    NoSuchStruct(String),
}

/// How a kernel's value fits what is meant.
pub(super) fn fit(meant: &Meaning, found: &Meaning, kernel: &KernelBtf) -> Fit {
    match (meant, found) {
        (Meaning::Unknown, _) | (_, Meaning::Unknown) => Fit::Loose,
        (Meaning::Number { size: a, .. }, Meaning::Number { size: b, .. }) => match a == b {
            true => Fit::Same,
            false => Fit::OtherSize,
        },
        (Meaning::Number { size, .. }, Meaning::Pointer(_)) => match *size {
            POINTER => Fit::Loose,
            _ => Fit::No,
        },
        (Meaning::Pointer(_), Meaning::Number { size, .. }) if *size < POINTER => Fit::No,
        (Meaning::Pointer(PointsTo::Void), Meaning::Number { .. }) => Fit::Loose,
        // An address has no sign.
        (
            Meaning::Pointer(PointsTo::Tag(_)),
            Meaning::Number {
                is_signed: true, ..
            },
        ) => Fit::No,
        // Addresses are often passed as numbers.
        (Meaning::Pointer(_), Meaning::Number { .. }) => Fit::Unsure,
        (Meaning::Pointer(meant), Meaning::Pointer(found)) => pointers(meant, found, kernel),
        (
            Meaning::Composite { size: a, tag },
            Meaning::Composite {
                size: b,
                tag: other,
            },
        ) => match a == b {
            true if tag == other => Fit::Same,
            true => Fit::Loose,
            false => Fit::Unsure,
        },
        // kuid_t and the like, in one slot.
        (Meaning::Composite { size: a, .. }, Meaning::Number { size: b, .. })
        | (Meaning::Number { size: b, .. }, Meaning::Composite { size: a, .. }) => {
            match a.max(b) <= &POINTER {
                true => Fit::Loose,
                false => Fit::Unsure,
            }
        }
        (Meaning::Composite { .. }, Meaning::Pointer(_))
        | (Meaning::Pointer(_), Meaning::Composite { .. }) => Fit::Unsure,
    }
}

fn pointers(meant: &PointsTo, found: &PointsTo, kernel: &KernelBtf) -> Fit {
    match (meant, found) {
        (PointsTo::Tag(meant), PointsTo::Tag(found)) if meant == found => Fit::Same,
        (PointsTo::Tag(meant), PointsTo::Tag(found)) => {
            if starts_with(kernel, meant, found)
                || starts_with(kernel, found, meant)
                || is_laid_out_alike(kernel, meant, found)
            {
                return Fit::StartsWith;
            }
            match composites(kernel, meant).next() {
                Some(_) => Fit::No,
                None => Fit::NoSuchStruct(meant.clone()),
            }
        }
        (PointsTo::Void | PointsTo::Other, _) | (_, PointsTo::Void | PointsTo::Other) => Fit::Loose,
        (PointsTo::Number(a), PointsTo::Number(b)) if a == b || *a == 1 => Fit::Same,
        (PointsTo::Pointer, PointsTo::Pointer) | (PointsTo::Function, PointsTo::Function) => {
            Fit::Same
        }
        // Bytes may stand for anything.
        (PointsTo::Number(_), _) => Fit::Unsure,
        (PointsTo::Tag(meant), _) => match composites(kernel, meant).next() {
            Some(_) => Fit::No,
            None => Fit::NoSuchStruct(meant.clone()),
        },
        _ => Fit::Unsure,
    }
}

/// The structs and unions of a tag.
fn composites<'k>(kernel: &'k KernelBtf, tag: &str) -> impl Iterator<Item = TypeId> + use<'k> {
    let structs = kernel.candidates(Named::Struct, tag);
    let unions = kernel.candidates(Named::Union, tag);
    structs.chain(unions).map(|ty| ty.id())
}

/// Whether a struct of a tag starts with one of another.
fn starts_with(kernel: &KernelBtf, tag: &str, with: &str) -> bool {
    composites(kernel, tag).any(|id| has_at_start(kernel.btf(), id, with, MAX_DEPTH))
}

/// Whether all members of one struct are in another too, in the same places: `sockaddr_unsized` is
/// `sockaddr` without a length.
fn is_laid_out_alike(kernel: &KernelBtf, one: &str, other: &str) -> bool {
    let btf = kernel.btf();
    let members = |tag: &str| {
        let first = composites(kernel, tag).next()?;
        let mut found = BTreeMap::new();
        collect(btf, first, 0, MAX_DEPTH, &mut found);
        Some(found)
    };
    let (Some(one), Some(other)) = (members(one), members(other)) else {
        return false;
    };
    let (small, large) = match one.len() <= other.len() {
        true => (one, other),
        false => (other, one),
    };
    !small.is_empty() && small.iter().all(|(name, at)| large.get(name) == Some(at))
}

/// The members of a struct and of those without names in it, with their offsets in bits.
fn collect<'b>(
    btf: &'b Btf<'_>,
    id: TypeId,
    start: u32,
    depth: u32,
    found: &mut BTreeMap<&'b str, u32>,
) {
    let (Some(ty), Some(depth)) = (btf.resolve(id), depth.checked_sub(1)) else {
        return;
    };
    let composite = match ty.kind() {
        Kind::Struct(composite) | Kind::Union(composite) => composite,
        _ => return,
    };
    for member in composite.members().take(MAX_MEMBERS) {
        let at = start.saturating_add(member.bit_offset);
        match member.name {
            "" => collect(btf, member.type_id, at, depth, found),
            name => {
                found.insert(name, at);
            }
        }
        if found.len() >= MAX_MEMBERS {
            return;
        }
    }
}

fn has_at_start(btf: &Btf<'_>, id: TypeId, tag: &str, depth: u32) -> bool {
    let (Some(ty), Some(depth)) = (btf.resolve(id), depth.checked_sub(1)) else {
        return false;
    };
    let composite = match ty.kind() {
        Kind::Struct(composite) | Kind::Union(composite) => composite,
        _ => return false,
    };
    let mut members = composite.members();
    members.any(|member| {
        member.bit_offset == 0
            && member.bits == 0
            && (btf.resolve(member.type_id).is_some_and(|ty| {
                ty.name() == tag && matches!(ty.kind(), Kind::Struct(_) | Kind::Union(_))
            }) || has_at_start(btf, member.type_id, tag, depth))
    })
}

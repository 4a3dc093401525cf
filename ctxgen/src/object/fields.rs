//! The fields of the context structs in an object's BTF.

use std::collections::HashMap;

use crate::btf::Btf;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Returned;
use crate::layout::ELEMENTS;
use crate::layout::GAP;
use crate::layout::RET;
use crate::layout::SLOT;
use crate::prototype::pairing::Argument;
use crate::prototype::pairing::Arguments;
use crate::text::ident::argument_name;

/// The member in which generated headers give the arguments' own types where the fields are slots.
pub(super) const OWN_TYPES: &str = "__own";

/// The members of a context struct that are arguments. An argument with several names is one member of
/// each of them, in an anonymous union.
pub(crate) fn context_fields<'b>(
    btf: &'b Btf<'_>,
    id: TypeId,
) -> impl Iterator<Item = Member<'b>> + use<'b> {
    groups(btf, id).flatten()
}

/// The same, with the members of an argument together.
fn groups<'b>(btf: &'b Btf<'_>, id: TypeId) -> impl Iterator<Item = Vec<Member<'b>>> + use<'b> {
    struct_members(btf, id).filter_map(move |member| match member.name {
        "" => {
            let Kind::Union(names) = btf.resolve(member.type_id)?.kind() else {
                return None;
            };
            let at = |name: Member<'b>| Member {
                bit_offset: member.bit_offset.saturating_add(name.bit_offset),
                ..name
            };
            let names = names.members().map(at);
            Some(names.filter(|name| !name.name.is_empty()).collect())
        }
        OWN_TYPES | ELEMENTS => None,
        name => (!is_gap(btf, name, member.type_id)).then(|| vec![member]),
    })
}

/// Whether a member is what generated headers have between fields: bytes without a name of their own.
fn is_gap(btf: &Btf<'_>, name: &str, type_id: TypeId) -> bool {
    let number = name.strip_prefix(GAP);
    let is_numbered = number.is_some_and(|number| number.bytes().all(|b| b.is_ascii_digit()));
    let kind = |id| btf.resolve(id).map(|ty| ty.kind());
    is_numbered
        && match kind(type_id) {
            Some(Kind::Array { element, .. }) => {
                matches!(kind(element), Some(Kind::Int { size: 1, .. }))
            }
            _ => false,
        }
}

/// The arguments in a context struct of that hook, each with all names and types that it has there.
pub(crate) fn context_arguments<'b>(btf: &'b Btf<'_>, id: TypeId, hook: &Hook) -> Arguments<'b> {
    let has_result = hook.family().returned() != Returned::No;
    let own = own_members(btf, id);
    let mut list: Vec<Argument<'b>> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for group in groups(btf, id) {
        let mut argument = Argument {
            names: Vec::new(),
            types: Vec::new(),
            is_result: false,
        };
        for member in group {
            let own = own.get(member.name).filter(|_| slots(btf, member) != 0);
            argument.types.push(own.copied().unwrap_or(member.type_id));
            argument.names.push(member.name);
            // A field for each type that an argument has.
            let plain = argument_name(member.name);
            if plain != member.name {
                argument.names.push(plain);
            }
            argument.is_result |= has_result && plain == RET;
        }
        let known_place = argument.names.iter().find_map(|name| known.get(name));
        let place = *known_place.unwrap_or(&list.len());
        for name in &argument.names {
            known.entry(name).or_insert(place);
        }
        match list.get_mut(place) {
            Some(first) => {
                first.names.extend(argument.names);
                first.types.extend(argument.types);
            }
            None => list.push(argument),
        }
    }
    Arguments { btf, list }
}

fn own_members<'b>(btf: &'b Btf<'_>, of: TypeId) -> HashMap<&'b str, TypeId> {
    let own_types = struct_members(btf, of).find(|member| member.name == OWN_TYPES);
    let element = own_types.and_then(|own_types| match btf.resolve(own_types.type_id)?.kind() {
        Kind::Array { element, .. } => btf.resolve(element),
        _ => None,
    });
    let own = element
        .into_iter()
        .flat_map(|element| struct_members(btf, element.id()));
    own.map(|member| (member.name, member.type_id)).collect()
}

/// The argument's own type, where the field is declared as the slots that it takes.
pub(crate) fn own_type(btf: &Btf<'_>, of: TypeId, member: Member<'_>) -> Option<TypeId> {
    if slots(btf, member) == 0 {
        return None;
    }
    let own_types = struct_members(btf, of).find(|other| other.name == OWN_TYPES)?;
    let Kind::Array { element, .. } = btf.resolve(own_types.type_id)?.kind() else {
        return None;
    };
    let element = btf.resolve(element)?.id();
    let own = struct_members(btf, element).find(|own| own.name == member.name)?;
    Some(own.type_id)
}

/// How many slots a field is declared as; 0 where it is declared as something else.
pub(crate) fn slots(btf: &Btf<'_>, member: Member<'_>) -> u32 {
    let kind = |id| btf.resolve(id).map(|ty| ty.kind());
    let is_slot = |id| {
        matches!(
            kind(id),
            Some(Kind::Int {
                size: SLOT,
                encoding: IntEncoding::Unsigned
            })
        )
    };
    match kind(member.type_id) {
        Some(Kind::Array { element, len, .. }) if is_slot(element) => len,
        _ => u32::from(is_slot(member.type_id)),
    }
}

/// The members of a struct; none of any other type.
pub(crate) fn struct_members<'b>(
    btf: &'b Btf<'_>,
    id: TypeId,
) -> impl Iterator<Item = Member<'b>> + use<'b> {
    let composite = match btf.get(id).map(|ty| ty.kind()) {
        Some(Kind::Struct(composite)) => Some(composite),
        _ => None,
    };
    composite
        .into_iter()
        .flat_map(|composite| composite.members())
}

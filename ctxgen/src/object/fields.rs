//! The fields of the context structs in an object's BTF.

use crate::btf::Btf;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Member;
use crate::btf::TypeId;
use crate::layout::SLOT;

/// The member in which generated headers give the arguments' own types where the fields are slots.
pub(super) const OWN_TYPES: &str = "__own";

/// The members of a context struct that are arguments.
pub(crate) fn context_fields<'b>(
    btf: &'b Btf<'_>,
    id: TypeId,
) -> impl Iterator<Item = Member<'b>> + use<'b> {
    members(btf, id).filter(|member| !member.name.is_empty() && member.name != OWN_TYPES)
}

/// The argument's own type, where the field is declared as the slots that it takes.
pub(crate) fn own_type(btf: &Btf<'_>, of: TypeId, member: Member<'_>) -> Option<TypeId> {
    if slots(btf, member) == 0 {
        return None;
    }
    let own_types = members(btf, of).find(|other| other.name == OWN_TYPES)?;
    let Kind::Array { element, .. } = btf.resolve(own_types.type_id)?.kind() else {
        return None;
    };
    let element = btf.resolve(element)?.id();
    let own = members(btf, element).find(|own| own.name == member.name)?;
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

fn members<'b>(btf: &'b Btf<'_>, id: TypeId) -> impl Iterator<Item = Member<'b>> + use<'b> {
    let composite = match btf.get(id).map(|ty| ty.kind()) {
        Some(Kind::Struct(composite)) => Some(composite),
        _ => None,
    };
    composite
        .into_iter()
        .flat_map(|composite| composite.members())
}

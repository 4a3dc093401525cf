//! Types that share a name.

use std::collections::HashMap;
use std::hash::Hash;

use libbpf_rs::libbpf_sys;

use super::Btf;
use super::KINDS;
use super::Kind;
use super::NO_NAME;
use super::Type;
use super::TypeId;
use super::types::defines_name;

/// Up to how many types names are compared by their text. A kernel's BTF has each string once, which makes
/// their places enough; a compiler or a small tool may store one twice.
pub(super) const COMPARED_BY_TEXT: u32 = 1 << 13;

/// The structs, unions, enums and typedefs that share their name with another one, in id order; declarations
/// too, of names that C knows as another kind of type.
pub(super) fn find(btf: &Btf<'_>) -> Vec<TypeId> {
    let mut found = match btf.type_count() <= COMPARED_BY_TEXT {
        true => by_text(btf),
        false => by_place(btf),
    };
    let declared = match btf.type_count() <= COMPARED_BY_TEXT {
        true => mismatched(btf, Type::name),
        false => mismatched(btf, Type::name_offset),
    };
    if !declared.is_empty() {
        found.extend(declared);
        found.sort_unstable();
        found.dedup();
    }
    found
}

/// Declarations of names that are also declared or defined as another kind of type, and those types.
fn mismatched<'b, K: Eq + Hash>(btf: &'b Btf<'_>, key: impl Fn(&Type<'b>) -> K) -> Vec<TypeId> {
    let forwards = btf.of_kinds(&[libbpf_sys::BTF_KIND_FWD]);
    let mut names: HashMap<K, (Tag, bool)> = HashMap::new();
    for ty in forwards.iter().filter_map(|id| btf.get(*id)) {
        if let Some(tag) = Tag::of(&ty).filter(|_| ty.name() != NO_NAME) {
            let known = names.entry(key(&ty)).or_insert((tag, false));
            known.1 |= known.0 != tag;
        }
    }
    if names.is_empty() {
        return Vec::new();
    }
    let tagged = btf.of_kinds(&[
        libbpf_sys::BTF_KIND_STRUCT,
        libbpf_sys::BTF_KIND_UNION,
        libbpf_sys::BTF_KIND_ENUM,
        libbpf_sys::BTF_KIND_ENUM64,
        libbpf_sys::BTF_KIND_FWD,
    ]);
    let of_name = |id: &TypeId| {
        let ty = btf.get(*id).filter(|ty| ty.name_offset() != 0)?;
        Some((Tag::of(&ty)?, key(&ty)))
    };
    for (tag, key) in tagged.iter().filter_map(of_name) {
        if let Some(known) = names.get_mut(&key) {
            known.1 |= known.0 != tag;
        }
    }
    let is_such = |id: &TypeId| {
        let known = of_name(id).and_then(|(_, key)| names.get(&key));
        known.is_some_and(|known| known.1)
    };
    tagged.into_iter().filter(is_such).collect()
}

/// What a name is in C behind which word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tag {
    Struct,
    Union,
    Enum,
}

impl Tag {
    /// The tag that a type defines or declares; `None` of all else.
    pub(super) fn of(ty: &Type<'_>) -> Option<Self> {
        match ty.kind() {
            Kind::Struct(_) | Kind::Fwd { is_union: false } => Some(Self::Struct),
            Kind::Union(_) | Kind::Fwd { is_union: true } => Some(Self::Union),
            Kind::Enum { .. } | Kind::Enum64 { .. } => Some(Self::Enum),
            _ => None,
        }
    }
}

fn by_text(btf: &Btf<'_>) -> Vec<TypeId> {
    let kinds: Vec<u32> = (0..KINDS as u32)
        .filter(|kind| defines_name(*kind))
        .collect();
    let types = btf
        .of_kinds(&kinds)
        .into_iter()
        .filter_map(|id| btf.get(id));
    let mut by_name: HashMap<&str, Vec<TypeId>> = HashMap::new();
    for ty in types.filter(|ty| ty.name_offset() != 0) {
        by_name.entry(ty.name()).or_default().push(ty.id());
    }
    let shared = by_name.into_values().filter(|ids| ids.len() > 1);
    let mut ids: Vec<TypeId> = shared.flatten().collect();
    ids.sort_unstable();
    ids
}

/// Names are compared by where they stand among the strings: whoever makes a large BTF stores each string once.
fn by_place(btf: &Btf<'_>) -> Vec<TypeId> {
    let (kinds, starts) = (&btf.places.kinds[..], &btf.places.starts[..]);
    let words = btf.words();
    let string_end = btf.string_end() as usize;
    let defines = std::array::from_fn::<bool, KINDS, _>(|kind| defines_name(kind as u32));
    // A bit for each byte. Numbers in their place would be megabytes, for a name here and there.
    let mut seen = vec![0_u8; string_end / 8 + 1];
    let seen = &mut seen[..];
    let mut shared = Vec::new();
    let mut index = 0;
    while index < kinds.len() {
        if defines[kinds[index] as usize] {
            let name = words[starts[index] as usize] as usize;
            let bit = 1 << (name & 7);
            if name != 0 && name < string_end {
                if seen[name >> 3] & bit != 0 {
                    shared.push(name);
                }
                seen[name >> 3] |= bit;
            }
        }
        index += 1;
    }

    seen.fill(0);
    for name in shared {
        seen[name >> 3] |= 1 << (name & 7);
    }
    let mut namesakes = Vec::new();
    let mut index = 0;
    while index < kinds.len() {
        if defines[kinds[index] as usize] {
            let name = words[starts[index] as usize] as usize;
            if name < string_end && seen[name >> 3] & 1 << (name & 7) != 0 {
                namesakes.push(TypeId(btf.first + index as u32));
            }
        }
        index += 1;
    }
    namesakes
}

#[cfg(test)]
mod tests {
    use super::super::Btf;
    use super::super::BtfWriter;
    use super::super::ByteOrder;
    use super::*;

    #[test]
    fn all_that_share_a_name_and_no_others() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("int", 4);
        for name in ["a", "b", "", "", "c", "a"] {
            writer.structure(name, 4, &[("x", int, 0)]);
        }
        writer.typedef("c", int);
        writer.typedef("x", int);
        writer.typedef("int", int);
        writer.forward("b", false);
        writer.typedef("a", int);
        let btf = Btf::parse(&writer.finish()).unwrap();
        assert_eq!(btf.namesakes(), [2, 6, 7, 8, 12].map(TypeId));
    }
}

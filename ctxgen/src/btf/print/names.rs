//! The names that types have in C, where several have one.
//!
//! C has one name for one struct, union or enum, and one for one typedef, while BTF has a type for each
//! source file that defines it differently. The first one in id order keeps the name, and the others get
//! a number: `foo___2`.

use std::collections::HashMap;
use std::hash::Hash;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::NO_NAME;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::duplicate_names::COMPARED_BY_TEXT;
use crate::btf::duplicate_names::Tag;

/// C keeps tags and other names apart: `struct foo` and the typedef `foo` are two names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Space {
    /// Of structs, unions and enums.
    Tags,
    /// Of typedefs, and of the values of enums.
    Identifiers,
}

impl Space {
    /// Where a type's name is; `None` for what defines none.
    fn of(ty: &Type<'_>) -> Option<Self> {
        match ty.kind() {
            Kind::Struct(_) | Kind::Union(_) | Kind::Enum64 { .. } => Some(Self::Tags),
            // One without values is a declaration.
            Kind::Enum { .. } => (ty.vlen() > 0).then_some(Self::Tags),
            Kind::Typedef(_) => Some(Self::Identifiers),
            _ => None,
        }
    }
}

/// The number behind the name of a type; `None` where the name stands alone. The base's types keep the names
/// that they have without what continues it.
pub(super) fn number(btf: &Btf<'_>, id: TypeId) -> Option<u32> {
    let mut layer = btf;
    while let Some(base) = layer.base.filter(|base| id.0 < base.type_count()) {
        layer = base;
    }
    let numbers = numbers(layer);
    let at = numbers.binary_search_by_key(&id, |of| of.0).ok()?;
    Some(numbers[at].1)
}

/// The names of the typedefs of a BTF, or of its base, each as often as it is there: what is no name for a value
/// any more.
pub(super) fn typedefs<'b>(btf: &'b Btf<'_>) -> impl Iterator<Item = &'b str> {
    let mut layer: &Btf<'_> = btf;
    while let Some(base) = layer.base {
        layer = base;
    }
    let ids = layer.of_kinds(&[libbpf_sys::BTF_KIND_TYPEDEF]);
    ids.into_iter()
        .filter_map(|id| layer.get(id))
        .map(|ty| ty.name())
}

/// The numbers of the types of one blob that are not the first of their name, in id order. They are found
/// once, and are the same for whatever is printed.
fn numbers<'b>(btf: &'b Btf<'_>) -> &'b [(TypeId, u32)] {
    btf.name_numbers.get_or_init(|| match btf.base {
        None => numbers_of_whole(btf),
        Some(base) => numbers_of_split(btf, base),
    })
}

fn numbers_of_whole(btf: &Btf<'_>) -> Vec<(TypeId, u32)> {
    let types = || btf.namesakes().iter().filter_map(|id| btf.get(*id));
    if btf.type_count() <= COMPARED_BY_TEXT {
        return numbered(types, Type::name);
    }
    numbered(types, Type::name_offset)
}

/// The numbers of these types, by what tells their names apart. A declaration has that of the first type of its
/// name and kind; where there is none, and the name is another kind's, one of its own.
fn numbered<'b, K: Eq + Hash, I: Iterator<Item = Type<'b>>>(
    types: impl Fn() -> I,
    key: impl Fn(&Type<'b>) -> K,
) -> Vec<(TypeId, u32)> {
    let mut counts: HashMap<(Space, K), u32> = HashMap::new();
    let mut firsts: HashMap<(Tag, K), u32> = HashMap::new();
    let mut numbers = Vec::new();
    for ty in types().filter(|ty| ty.name_offset() != 0) {
        // Wherever it is printed, such a name is refused.
        let Some(space) = Space::of(&ty).filter(|_| ty.name() != NO_NAME) else {
            continue;
        };
        let count = counts.entry((space, key(&ty))).or_default();
        *count += 1;
        if *count > 1 {
            numbers.push((ty.id(), *count));
        }
        if let Some(tag) = Tag::of(&ty) {
            firsts.entry((tag, key(&ty))).or_insert(*count);
        }
    }
    for ty in types().filter(|ty| matches!(ty.kind(), Kind::Fwd { .. })) {
        let Some(tag) = Tag::of(&ty).filter(|_| ty.name() != NO_NAME) else {
            continue;
        };
        let number = *firsts.entry((tag, key(&ty))).or_insert_with(|| {
            let count = counts.entry((Space::Tags, key(&ty))).or_default();
            *count += 1;
            *count
        });
        if number > 1 {
            numbers.push((ty.id(), number));
        }
    }
    numbers.sort_unstable();
    numbers
}

fn numbers_of_split(btf: &Btf<'_>, base: &Btf<'_>) -> Vec<(TypeId, u32)> {
    let defined = |ty: &Type<'_>| Space::of(ty).filter(|_| ty.name_offset() != 0);
    let own = btf.ids_from(TypeId(base.type_count()));
    let own: Vec<(Space, Type<'_>)> = own
        .filter_map(|id| btf.get(id))
        .filter_map(|ty| Some((defined(&ty)?, ty)))
        .collect();
    let mut counts: HashMap<(Space, &str), u32> = HashMap::new();
    for (space, ty) in &own {
        counts.insert((*space, ty.name()), 0);
    }
    if counts.is_empty() {
        return Vec::new();
    }
    for ty in base.types() {
        if let Some(space) = defined(&ty)
            && let Some(count) = counts.get_mut(&(space, ty.name()))
        {
            *count += 1;
        }
    }
    let mut numbers = Vec::new();
    for (space, ty) in &own {
        let count = counts.entry((*space, ty.name())).or_default();
        *count += 1;
        if *count > 1 {
            numbers.push((ty.id(), *count));
        }
    }
    numbers
}

//! The names that types have in C, where several have one.
//!
//! C has one name for one struct, union or enum, and one for one typedef, while BTF has a type for each
//! source file that defines it differently. The first one in id order keeps the name, and the others get
//! a number: `foo___2`.

use std::collections::HashMap;
use std::hash::Hash;

use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::NO_NAME;
use crate::btf::Type;
use crate::btf::TypeId;

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

/// The typedefs of a BTF, or of its base, that share their names: what is no name for a value any more.
pub(super) fn shared_typedefs<'b>(btf: &'b Btf<'_>) -> Vec<&'b str> {
    let mut layer: &Btf<'_> = btf;
    while let Some(base) = layer.base {
        layer = base;
    }
    let types = numbers(layer).iter().filter_map(|(id, _)| layer.get(*id));
    let typedefs = types.filter(|ty| Space::of(ty) == Some(Space::Identifiers));
    typedefs.map(|ty| ty.name()).collect()
}

/// The numbers of the types of one blob that are not the first of their name, in id order. They are found
/// once, and are the same for whatever is printed.
fn numbers<'b>(btf: &'b Btf<'_>) -> &'b [(TypeId, u32)] {
    btf.name_numbers.get_or_init(|| match btf.base {
        None => numbers_of_whole(btf),
        Some(base) => numbers_of_split(btf, base),
    })
}

/// Up to how many types names are compared by their text. A kernel's BTF has each string once, which makes
/// their places enough; a compiler or a small tool may store one twice.
const COMPARED_BY_TEXT: u32 = 1 << 13;

fn numbers_of_whole(btf: &Btf<'_>) -> Vec<(TypeId, u32)> {
    if btf.type_count() <= COMPARED_BY_TEXT {
        return numbered(btf.types(), Type::name);
    }
    let types = btf.namesakes().iter().filter_map(|id| btf.get(*id));
    numbered(types, Type::name_offset)
}

/// The numbers of these types, by what tells their names apart.
fn numbered<'b, K: Eq + Hash>(
    types: impl Iterator<Item = Type<'b>>,
    key: impl Fn(&Type<'b>) -> K,
) -> Vec<(TypeId, u32)> {
    let mut counts: HashMap<(Space, K), u32> = HashMap::new();
    let mut numbers = Vec::new();
    for ty in types.filter(|ty| ty.name_offset() != 0) {
        // Wherever it is printed, such a name is refused.
        let Some(space) = Space::of(&ty).filter(|_| ty.name() != NO_NAME) else {
            continue;
        };
        let count = counts.entry((space, key(&ty))).or_default();
        *count += 1;
        if *count > 1 {
            numbers.push((ty.id(), *count));
        }
    }
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

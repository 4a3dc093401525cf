//! Names to types, for the kinds of type that hooks are looked up by.

use std::cell::OnceCell;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Type;
use crate::btf::TypeId;

/// A kind of thing that is looked up by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Named {
    Func,
    Typedef,
    Struct,
    Union,
}

const KINDS: usize = 4;

/// How many lists of types there are. A kernel has some 70,000 types with a name of these kinds.
const LISTS: usize = 1 << 16;

/// All functions, typedefs, structs and unions of a BTF by name.
///
/// It holds ids, not names, and so borrows nothing: a name is looked up by its hash and compared.
/// Nothing is sorted for that, as most of what is done here is done in build scripts, which are not
/// optimized.
#[derive(Debug)]
pub(crate) struct Index {
    /// The first type of each list, the lowest id; 0 where it is empty.
    first: Vec<u32>,
    /// By type, the next one of its list.
    next: Vec<u32>,
    /// The types that define a name in C, declarations of structs included, in id order.
    definitions: Vec<TypeId>,
    /// Pointers, arrays and modifiers, in id order.
    links: Vec<TypeId>,
    /// The tags of declarations, in id order.
    tags: Vec<TypeId>,
    /// By kind, all types sorted by name, ids of one name in their order.
    sorted: [OnceCell<Vec<TypeId>>; KINDS],
}

impl Index {
    pub(super) fn new(btf: &Btf<'_>) -> Self {
        let count = btf.type_count();
        let mut first = vec![0; LISTS];
        let mut next = vec![0; count as usize];
        let mut definitions = Vec::new();
        let mut links = Vec::new();
        let mut tags = Vec::new();
        for id in (1..count).rev() {
            let Some(ty) = btf.get(TypeId(id)) else {
                continue;
            };
            let number = ty.kind_number();
            match number {
                libbpf_sys::BTF_KIND_STRUCT
                | libbpf_sys::BTF_KIND_UNION
                | libbpf_sys::BTF_KIND_FWD
                | libbpf_sys::BTF_KIND_ENUM
                | libbpf_sys::BTF_KIND_ENUM64
                | libbpf_sys::BTF_KIND_TYPEDEF => definitions.push(TypeId(id)),
                libbpf_sys::BTF_KIND_PTR
                | libbpf_sys::BTF_KIND_ARRAY
                | libbpf_sys::BTF_KIND_CONST
                | libbpf_sys::BTF_KIND_VOLATILE
                | libbpf_sys::BTF_KIND_RESTRICT
                | libbpf_sys::BTF_KIND_TYPE_TAG => links.push(TypeId(id)),
                libbpf_sys::BTF_KIND_DECL_TAG => tags.push(TypeId(id)),
                _ => {}
            }
            if let Some(kind) = kind_of(number) {
                let list = list(kind, ty.name());
                next[id as usize] = first[list];
                first[list] = id;
            }
        }
        definitions.reverse();
        links.reverse();
        tags.reverse();
        Self {
            first,
            next,
            definitions,
            links,
            tags,
            sorted: Default::default(),
        }
    }

    /// The types that define a name in C, and declarations of structs and unions, in id order. Some
    /// of them have no name.
    pub(crate) fn definitions(&self) -> &[TypeId] {
        &self.definitions
    }

    /// Pointers, arrays and modifiers, in id order.
    pub(crate) fn links(&self) -> &[TypeId] {
        &self.links
    }

    /// The tags of declarations (`BTF_KIND_DECL_TAG`), in id order.
    pub(crate) fn tags(&self) -> &[TypeId] {
        &self.tags
    }

    /// The types of that kind and name, in id order.
    pub(crate) fn find<'b>(
        &self,
        btf: &'b Btf<'_>,
        kind: Named,
        name: &str,
    ) -> impl Iterator<Item = Type<'b>> + use<'b> {
        let mut found = Vec::new();
        let mut id = self.first[list(kind, name)];
        while id != 0 {
            let ty = btf.get(TypeId(id));
            found.extend(
                ty.filter(|ty| kind_of(ty.kind_number()) == Some(kind) && ty.name() == name),
            );
            id = self.next.get(id as usize).copied().unwrap_or(0);
        }
        found.into_iter()
    }

    /// All types of a kind whose names start with `prefix`, sorted by name.
    pub(crate) fn with_prefix<'b, 's>(
        &'s self,
        btf: &'b Btf<'_>,
        kind: Named,
        prefix: &'s str,
    ) -> impl Iterator<Item = Type<'b>> + use<'b, 's> {
        let ids = self.sorted[kind as usize].get_or_init(|| sorted(btf, kind));
        let start = ids.partition_point(|id| btf.get(*id).map_or("", |ty| ty.name()) < prefix);
        ids[start..]
            .iter()
            .filter_map(move |&id| btf.get(id))
            .take_while(move |ty| ty.name().starts_with(prefix))
    }
}

fn sorted(btf: &Btf<'_>, kind: Named) -> Vec<TypeId> {
    let mut named: Vec<(&str, TypeId)> = btf
        .types()
        .filter(|ty| kind_of(ty.kind_number()) == Some(kind))
        .map(|ty| (ty.name(), ty.id()))
        .filter(|(name, _)| !name.is_empty())
        .collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}

/// By a `BTF_KIND_*` number.
fn kind_of(number: u32) -> Option<Named> {
    match number {
        libbpf_sys::BTF_KIND_FUNC => Some(Named::Func),
        libbpf_sys::BTF_KIND_TYPEDEF => Some(Named::Typedef),
        libbpf_sys::BTF_KIND_STRUCT => Some(Named::Struct),
        libbpf_sys::BTF_KIND_UNION => Some(Named::Union),
        _ => None,
    }
}

/// The list of a name: a hash (FNV-1a) that takes four bytes at a time.
fn list(kind: Named, name: &str) -> usize {
    const PRIME: u32 = 0x0100_0193;
    let bytes = name.as_bytes();
    let mut hash = 0x811c_9dc5 ^ kind as u32;
    let mut at = 0;
    while at + 4 <= bytes.len() {
        let word = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        hash = (hash ^ u32::from_le_bytes(word)).wrapping_mul(PRIME);
        hash ^= hash >> 15;
        at += 4;
    }
    while at < bytes.len() {
        hash = (hash ^ u32::from(bytes[at])).wrapping_mul(PRIME);
        at += 1;
    }
    (hash ^ hash >> 16) as usize % LISTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    fn ids<'b>(types: impl Iterator<Item = Type<'b>>) -> Vec<u32> {
        types.map(|ty| ty.id().0).collect()
    }

    #[test]
    fn by_kind_and_name() {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("unsigned int", 4);
        for name in ["b", "", "ab", "a", "b"] {
            writer.structure(name, 4, &[("x", int, 0)]);
        }
        let btf = Btf::parse(&writer.finish()).unwrap();
        let index = Index::new(&btf);
        assert_eq!(ids(index.find(&btf, Named::Struct, "b")), [2, 6]);
        assert_eq!(ids(index.find(&btf, Named::Struct, "c")), [0; 0]);
        assert_eq!(ids(index.find(&btf, Named::Union, "b")), [0; 0]);
        assert_eq!(ids(index.with_prefix(&btf, Named::Struct, "a")), [5, 4]);
        assert_eq!(
            ids(index.with_prefix(&btf, Named::Struct, "")),
            [5, 4, 2, 6]
        );
        assert_eq!(ids(index.with_prefix(&btf, Named::Func, "")), [0; 0]);
    }
}

//! Names to types, for the kinds of type that hooks are looked up by, and types by what they are for.
//!
//! What a build asks for are a few names among a hundred thousand types, in a build script that is
//! compiled without optimization. So a name is looked for in the string table, and the types are
//! compared by where their names stand there; names are sorted only when many are asked for.

use std::cell::Cell;
use std::cell::OnceCell;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::btf::kind_number;

/// A kind of thing that is looked up by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Named {
    Func,
    Typedef,
    Struct,
    Union,
}

const KINDS: usize = 4;

/// How many names are looked for before it is worth sorting them: that takes as long as looking for some
/// fifty.
const FEW: u32 = 50;

/// The types of a BTF that stands on its own, by kind.
///
/// It holds ids, not names, and so borrows nothing.
#[derive(Debug)]
pub(crate) struct Index {
    /// By kind: where the names stand in the string table and whose they are, in id order.
    places: [Vec<(u32, TypeId)>; KINDS],
    /// The types that define a name in C, declarations of structs included, in id order.
    definitions: Vec<TypeId>,
    /// Pointers, arrays and modifiers, in id order.
    links: Vec<TypeId>,
    /// The tags of declarations, in id order.
    tags: Vec<TypeId>,
    /// By kind, all types sorted by name, ids of one name in their order.
    sorted: [OnceCell<Vec<TypeId>>; KINDS],
    /// How many names have been looked for.
    asked: Cell<u32>,
}

/// Which list a type belongs to besides.
#[derive(Clone, Copy)]
enum List {
    Definitions,
    Links,
    Tags,
}

impl Index {
    pub(super) fn new(btf: &Btf<'_>) -> Self {
        let named = of_every_kind(kind_of);
        let list = of_every_kind(list_of);
        let mut places: [Vec<(u32, TypeId)>; KINDS] = Default::default();
        let mut definitions = Vec::new();
        let mut links = Vec::new();
        let mut tags = Vec::new();
        btf.each_head(|id, [name, info, _]| {
            let number = kind_number(info) as usize;
            match list[number] {
                Some(List::Definitions) => definitions.push(id),
                Some(List::Links) => links.push(id),
                Some(List::Tags) => tags.push(id),
                None => {}
            }
            if let Some(kind) = named[number]
                && name != 0
            {
                places[kind as usize].push((name, id));
            }
        });
        Self {
            places,
            definitions,
            links,
            tags,
            sorted: Default::default(),
            asked: Cell::new(0),
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
        let asked = self.asked.get();
        self.asked.set(asked.saturating_add(1));
        let found = match self.sorted[kind as usize].get() {
            None if asked < FEW => self.find_unsorted(btf, kind, name),
            _ => {
                let ids = self.sorted(btf, kind);
                let name_of = |id: &TypeId| btf.get(*id).map_or("", |ty| ty.name());
                let start = ids.partition_point(|id| name_of(id) < name);
                let len = ids[start..].partition_point(|id| name_of(id) == name);
                ids[start..start + len].to_vec()
            }
        };
        found.into_iter().filter_map(|id| btf.get(id))
    }

    fn find_unsorted(&self, btf: &Btf<'_>, kind: Named, name: &str) -> Vec<TypeId> {
        let offsets = btf.name_offsets(name);
        let mut found = Vec::new();
        if let Some(&first) = offsets.first() {
            for &(offset, id) in &self.places[kind as usize] {
                if offset == first || offsets.len() > 1 && offsets.contains(&offset) {
                    found.push(id);
                }
            }
        }
        found
    }

    fn sorted(&self, btf: &Btf<'_>, kind: Named) -> &[TypeId] {
        let places = &self.places[kind as usize];
        self.sorted[kind as usize].get_or_init(|| sorted(btf, places))
    }

    /// All types of a kind whose names start with `prefix`, sorted by name.
    pub(crate) fn with_prefix<'b, 's>(
        &'s self,
        btf: &'b Btf<'_>,
        kind: Named,
        prefix: &'s str,
    ) -> impl Iterator<Item = Type<'b>> + use<'b, 's> {
        let ids = self.sorted(btf, kind);
        let start = ids.partition_point(|id| btf.get(*id).map_or("", |ty| ty.name()) < prefix);
        ids[start..]
            .iter()
            .filter_map(move |&id| btf.get(id))
            .take_while(move |ty| ty.name().starts_with(prefix))
    }
}

fn sorted(btf: &Btf<'_>, places: &[(u32, TypeId)]) -> Vec<TypeId> {
    let named = places.iter().map(|&(name, id)| (btf.string(name), id));
    let mut named: Vec<(&str, TypeId)> = named.collect();
    named.sort_unstable();
    named.into_iter().map(|(_, id)| id).collect()
}

/// What a function says of every kind, to be looked up by a `BTF_KIND_*` number.
fn of_every_kind<T: Copy>(of: impl Fn(u32) -> Option<T>) -> [Option<T>; 32] {
    let mut all = [None; 32];
    for (number, place) in (0..).zip(&mut all) {
        *place = of(number);
    }
    all
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

/// By a `BTF_KIND_*` number.
fn list_of(number: u32) -> Option<List> {
    match number {
        libbpf_sys::BTF_KIND_STRUCT
        | libbpf_sys::BTF_KIND_UNION
        | libbpf_sys::BTF_KIND_FWD
        | libbpf_sys::BTF_KIND_ENUM
        | libbpf_sys::BTF_KIND_ENUM64
        | libbpf_sys::BTF_KIND_TYPEDEF => Some(List::Definitions),
        libbpf_sys::BTF_KIND_PTR
        | libbpf_sys::BTF_KIND_ARRAY
        | libbpf_sys::BTF_KIND_CONST
        | libbpf_sys::BTF_KIND_VOLATILE
        | libbpf_sys::BTF_KIND_RESTRICT
        | libbpf_sys::BTF_KIND_TYPE_TAG => Some(List::Links),
        libbpf_sys::BTF_KIND_DECL_TAG => Some(List::Tags),
        _ => None,
    }
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
        for _ in 0..=FEW {
            // Before and after they are sorted.
            assert_eq!(ids(index.find(&btf, Named::Struct, "b")), [2, 6]);
            assert_eq!(ids(index.find(&btf, Named::Struct, "x")), [0; 0]);
        }
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

//! Names to types, for the kinds of type that hooks are looked up by.

use std::collections::HashMap;
use std::ops::Range;

use crate::btf::Btf;
use crate::btf::Kind;
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

/// All functions, typedefs, structs and unions of a BTF by name.
///
/// It holds ids, not names, and so borrows nothing; a name is looked up by its hash and compared.
#[derive(Debug)]
pub(crate) struct Index {
    /// Sorted by kind and name, ids of one name in their order.
    ids: Vec<TypeId>,
    kinds: HashMap<Named, Range<usize>>,
}

impl Index {
    pub(super) fn new(btf: &Btf<'_>) -> Self {
        let mut named: Vec<(Named, &str, TypeId)> = btf
            .types()
            .filter_map(|ty| Some((kind_of(&ty)?, ty.name(), ty.id())))
            .filter(|(_, name, _)| !name.is_empty())
            .collect();
        named.sort_unstable();
        let mut kinds = HashMap::new();
        for (at, (kind, ..)) in named.iter().enumerate() {
            kinds.entry(*kind).or_insert(at..at).end = at + 1;
        }
        Self {
            ids: named.into_iter().map(|(.., id)| id).collect(),
            kinds,
        }
    }

    /// The types of that kind and name, in id order.
    pub(crate) fn find<'b>(
        &self,
        btf: &'b Btf<'_>,
        kind: Named,
        name: &str,
    ) -> impl Iterator<Item = Type<'b>> {
        let ids = self.of_kind(kind);
        let name_of = |id: &TypeId| btf.get(*id).map_or("", |ty| ty.name());
        let start = ids.partition_point(|id| name_of(id) < name);
        let end = start + ids[start..].partition_point(|id| name_of(id) == name);
        ids[start..end].iter().filter_map(|&id| btf.get(id))
    }

    /// All types of a kind whose names start with `prefix`, sorted by name.
    pub(crate) fn with_prefix<'b, 's>(
        &'s self,
        btf: &'b Btf<'_>,
        kind: Named,
        prefix: &'s str,
    ) -> impl Iterator<Item = Type<'b>> + use<'b, 's> {
        let ids = self.of_kind(kind);
        let start = ids.partition_point(|id| btf.get(*id).map_or("", |ty| ty.name()) < prefix);
        ids[start..]
            .iter()
            .filter_map(move |&id| btf.get(id))
            .take_while(move |ty| ty.name().starts_with(prefix))
    }

    fn of_kind(&self, kind: Named) -> &[TypeId] {
        self.kinds
            .get(&kind)
            .map_or(&[], |range| &self.ids[range.clone()])
    }
}

fn kind_of(ty: &Type<'_>) -> Option<Named> {
    match ty.kind() {
        Kind::Func(_) => Some(Named::Func),
        Kind::Typedef(_) => Some(Named::Typedef),
        Kind::Struct(_) => Some(Named::Struct),
        Kind::Union(_) => Some(Named::Union),
        _ => None,
    }
}

//! Typedefs of context structs.
//!
//! What is accessed through `typedef struct btf_…_ctx ctx_t` is relocated against the typedef: clang keeps the
//! name that the source has. libbpf looks for a typedef of that name then, so that it has to be told of each.

use super::ext::Relocation;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::btf::compat::essential_name;
use crate::hook::Hook;
use crate::sorted::set;

/// The typedefs that relocations of an object are against, and the context structs that they lead to.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    /// By the typedefs' ids.
    by_alias: Vec<(TypeId, TypeId)>,
    /// By the structs' ids, which come first.
    by_struct: Vec<(TypeId, TypeId)>,
}

impl Aliases {
    /// Makes relocations against such typedefs ones against the structs.
    pub(super) fn take(btf: &Btf<'_>, relocations: &mut [Relocation]) -> Self {
        let mut found = Vec::new();
        for relocation in relocations {
            if let Some(of) = context(btf, relocation.type_id) {
                found.push((relocation.type_id, of));
                relocation.type_id = of;
            }
        }
        let swapped = found.iter().map(|(alias, of)| (*of, *alias));
        Self {
            by_struct: set(swapped.collect()),
            by_alias: set(found),
        }
    }

    /// The struct that a typedef leads to; any other type is itself.
    pub(super) fn resolve(&self, id: TypeId) -> TypeId {
        let place = self.by_alias.binary_search_by_key(&id, |(alias, _)| *alias);
        place.map_or(id, |place| self.by_alias[place].1)
    }

    /// The typedefs that lead to a struct.
    pub(super) fn of(&self, context: TypeId) -> impl Iterator<Item = TypeId> {
        let start = self.by_struct.partition_point(|(of, _)| *of < context);
        let from = self.by_struct[start..].iter();
        from.take_while(move |(of, _)| *of == context)
            .map(|(_, alias)| *alias)
    }
}

/// The context struct that a typedef leads to.
fn context(btf: &Btf<'_>, id: TypeId) -> Option<TypeId> {
    if !matches!(btf.get(id)?.kind(), Kind::Typedef(_)) {
        return None;
    }
    let of = btf.resolve(id)?.id();
    context_hook(btf, of).map(|_| of)
}

/// The hook that a struct is a context of; `None` for any other type, and for the kernel's own contexts.
pub(super) fn context_hook(btf: &Btf<'_>, id: TypeId) -> Option<Hook> {
    let ty = btf.get(id)?;
    if !matches!(ty.kind(), Kind::Struct(_) | Kind::Fwd { is_union: false }) {
        return None;
    }
    // Three underscores may also be a part of the target's name.
    let hook = [essential_name(ty.name()), ty.name()]
        .into_iter()
        .find_map(Hook::from_struct_name);
    hook.filter(Hook::has_generated_struct)
}

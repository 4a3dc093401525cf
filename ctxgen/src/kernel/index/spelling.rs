//! What it takes to find a type as it is written in C.

use std::collections::HashMap;

use libbpf_rs::libbpf_sys;

use super::Index;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

/// Pointers and what may stand between one and what it points to.
const LINKS: [u32; 5] = [
    libbpf_sys::BTF_KIND_PTR,
    libbpf_sys::BTF_KIND_CONST,
    libbpf_sys::BTF_KIND_VOLATILE,
    libbpf_sys::BTF_KIND_RESTRICT,
    libbpf_sys::BTF_KIND_TYPE_TAG,
];

/// How many are looked for before it is worth having all in a map.
const FEW_LINKS: u32 = 4;

impl Index {
    /// The integers, in id order.
    pub(crate) fn numbers<'b>(&self, btf: &'b Btf<'_>) -> impl Iterator<Item = Type<'b>> + use<'b> {
        let numbers = btf.of_kinds(&[libbpf_sys::BTF_KIND_INT]);
        numbers.into_iter().filter_map(|id| btf.get(id))
    }

    /// The first pointer or modifier of that kind (a `BTF_KIND_*` number) to a type.
    pub(crate) fn link(&self, btf: &Btf<'_>, kind: u32, to: TypeId) -> Option<TypeId> {
        let asked = self.links_asked.get();
        self.links_asked.set(asked.saturating_add(1));
        if self.hashes.is_some() || asked < FEW_LINKS {
            return btf.first_reference(kind, to);
        }
        let links = self.links.get_or_init(|| {
            let mut links = HashMap::new();
            for kind in LINKS {
                let of_kind = btf.of_kinds(&[kind]);
                for ty in of_kind.into_iter().filter_map(|id| btf.get(id)) {
                    let to = match ty.kind() {
                        Kind::Ptr(to) => Some(to),
                        kind => kind.modified(),
                    };
                    if let Some(to) = to {
                        links.entry((kind, to)).or_insert(ty.id());
                    }
                }
            }
            links
        });
        links.get(&(kind, to)).copied()
    }

    /// The first type of that kind (a `BTF_KIND_*` number) and name, of those that define a name in C
    /// or declare one.
    pub(crate) fn declaration(&self, btf: &Btf<'_>, kind: u32, name: &str) -> Option<TypeId> {
        self.of_kinds(btf, &[kind], name).first().copied()
    }
}

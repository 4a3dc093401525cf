//! The kernel's types that an object's relocations are against.
//!
//! The rules are those by which libbpf's `relo_core.c` and `bpf_core_add_cands` in `libbpf.c` find
//! what to relocate against: any kernel type of the same kind and essential name is a candidate, of
//! its members only those whose names occur in the access are looked at, and through pointers nothing
//! is followed.

use std::collections::BTreeMap;

use libbpf_rs::libbpf_sys;

use crate::btf::Kind;
use crate::btf::TypeId;
use crate::essential_name;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::RelocationKind;
use crate::object::Step;

use super::kept::Part;

/// What relocations are against.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// How much of each is needed, by kinds (`BTF_KIND_*` numbers) and essential name.
    types: BTreeMap<(Vec<u32>, String), Part>,
    /// The names of members that are accessed.
    pub(super) members: Vec<String>,
    /// Whether ids of the kernel's own types are asked for, which only its whole BTF has.
    pub(super) ids: bool,
}

/// Of different kinds, only these go together (`btf_kind_core_compat` in `relo_core.c`).
const ENUMS: [u32; 2] = [libbpf_sys::BTF_KIND_ENUM, libbpf_sys::BTF_KIND_ENUM64];

impl Roots {
    pub(super) fn of(objects: &[ObjectFile]) -> Self {
        let mut roots = Self::default();
        for object in objects {
            roots.add_object(object);
        }
        roots
    }

    fn add_object(&mut self, object: &ObjectFile) {
        for relocation in object.relocations() {
            // The kernel has none of ctxgen's contexts.
            let of_kernel = relocation.kind != RelocationKind::TypeIdLocal
                && object.context_hook(relocation.type_id).is_none();
            if !of_kernel {
                continue;
            }
            self.ids |= relocation.kind == RelocationKind::TypeIdTarget;
            let part = match relocation.kind {
                RelocationKind::TypeMatches => Part::Whole,
                _ => Part::Members,
            };
            self.add(object, relocation.type_id, part);
            for step in object.steps(relocation).into_iter().flatten() {
                if let Step::Member { name, .. } = step {
                    self.members.push(name.to_owned());
                }
            }
        }
    }

    fn add(&mut self, object: &ObjectFile, id: TypeId, part: Part) {
        let Some(ty) = object.btf().get(id).filter(|ty| !ty.name().is_empty()) else {
            return;
        };
        let kinds = match ty.kind() {
            Kind::Enum { .. } | Kind::Enum64 { .. } => ENUMS.to_vec(),
            _ => vec![ty.kind_number()],
        };
        let key = (kinds, essential_name(ty.name()).to_owned());
        let known = self.types.entry(key).or_insert(part);
        *known = part.max(*known);
    }

    /// The candidates that a kernel has for each, and its name.
    pub(super) fn candidates<'r>(
        &'r self,
        kernel: &'r KernelBtf,
    ) -> impl Iterator<Item = (&'r str, Vec<TypeId>, Part)> {
        self.types.iter().map(|((kinds, name), part)| {
            let found = kernel.index().flavours(kernel.btf(), kinds, name);
            (name.as_str(), found, *part)
        })
    }
}

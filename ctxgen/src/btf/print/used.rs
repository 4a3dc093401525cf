//! Which types are part of others.

use crate::btf::Btf;
use crate::btf::Role;
use crate::btf::Type;
use crate::btf::TypeId;

/// An enum without a name is written where it is used, and alone where it is not. What is found below
/// another type is used; of what is asked for itself, that takes a look at all types, once.
#[derive(Debug, Default)]
pub(super) struct Used {
    asked_for: Option<TypeId>,
    /// By id.
    found: Option<Vec<bool>>,
}

impl Used {
    pub(super) fn is_asked_for(&mut self, id: TypeId) {
        self.asked_for = Some(id);
    }

    pub(super) fn is_used(&mut self, btf: &Btf<'_>, id: TypeId) -> bool {
        if self.asked_for != Some(id) {
            return true;
        }
        let found = self.found.get_or_insert_with(|| {
            let mut used = vec![false; btf.type_count() as usize];
            for ty in btf.types() {
                mark(&ty, &mut used);
            }
            used
        });
        found.get(id.0 as usize).copied().unwrap_or_default()
    }
}

/// Marks what a type refers to. What functions return is not looked at, as in libbpf.
fn mark(ty: &Type<'_>, used: &mut [bool]) {
    let looked_at = ty.children().filter(|child| child.role != Role::Result);
    for child in looked_at {
        if let Some(used) = used.get_mut(child.id.0 as usize) {
            *used = true;
        }
    }
}

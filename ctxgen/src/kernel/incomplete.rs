//! What a pinned BTF has no more of than the outside.

use std::collections::BTreeSet;

use super::KernelBtf;
use super::Origin;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

/// The tag of a union of which only some members are there.
pub(crate) const PARTIAL: &str = "ctxgen:partial";

/// Sources reach types that a pinned BTF has only the names and sizes of.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{origin} is a pinned BTF that lacks types of these sources: of {} it has only the name and the size", types.join(", ")
)]
#[non_exhaustive]
pub struct NotPinned {
    /// The pinned BTF.
    pub origin: Origin,
    /// The structs and unions, as they are written in C.
    pub types: Vec<String>,
}

/// What a pinned BTF has no more of than the outside. Of any other BTF, that is nothing.
pub(crate) struct Incomplete<'k> {
    kernel: &'k KernelBtf,
    partial: BTreeSet<TypeId>,
}

impl<'k> Incomplete<'k> {
    pub(crate) fn new(kernel: &'k KernelBtf) -> Self {
        let tags = kernel.index().tags(kernel.btf()).iter();
        let partial = tags
            .filter_map(|tag| kernel.btf().get(*tag))
            .filter(|tag| tag.name() == PARTIAL)
            .filter_map(|tag| match tag.kind() {
                Kind::DeclTag { target, .. } => Some(target),
                _ => None,
            })
            .collect();
        Self { kernel, partial }
    }

    fn has(&self, ty: &Type<'_>) -> bool {
        ty.is_hollow() || self.partial.contains(&ty.id())
    }

    /// That none of some types is incomplete.
    ///
    /// # Errors
    /// [`NotPinned`] with those that are.
    pub(crate) fn has_none_of<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i TypeId>,
    ) -> Result<(), NotPinned> {
        let types = self.among(ids);
        match types.is_empty() {
            true => Ok(()),
            false => Err(NotPinned {
                origin: self.kernel.origin().clone(),
                types,
            }),
        }
    }

    /// Those of some types that are incomplete, as they are written in C, sorted.
    fn among<'i>(&self, ids: impl IntoIterator<Item = &'i TypeId>) -> Vec<String> {
        let names: BTreeSet<String> = ids
            .into_iter()
            .filter_map(|id| self.kernel.btf().get(*id))
            .filter(|ty| self.has(ty))
            .map(|ty| match ty.kind() {
                Kind::Union(_) => format!("union {}", ty.name()),
                _ => format!("struct {}", ty.name()),
            })
            .collect();
        names.into_iter().collect()
    }

    /// Whether a definition of the type would define an incomplete one.
    pub(crate) fn is_needed_by(&self, id: TypeId) -> bool {
        let btf = self.kernel.btf();
        let resolves = |id| btf.resolve(id).is_some_and(|ty| self.has(&ty));
        match btf.resolve(id).map(|ty| (ty, ty.kind())) {
            Some((ty, Kind::FuncProto { ret })) => {
                resolves(ret) || ty.params().any(|param| resolves(param.type_id))
            }
            _ => resolves(id),
        }
    }
}

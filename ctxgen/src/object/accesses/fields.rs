//! Which fields of its context struct a program may read.

use super::Access;
use super::AccessKind;
use super::Extent;
use super::ProgramAccesses;
use crate::btf::TypeId;
use crate::object::ObjectFile;

impl ProgramAccesses {
    /// Whether the program may read a field of its context struct, or a part of it: where it goes to a
    /// place that is not known, or was not followed to its end, it may.
    ///
    /// `object` is the one that these are the accesses of. Without a context struct, no field is read.
    pub fn may_read(&self, object: &ObjectFile, field: &str) -> bool {
        let program = object.programs().get(self.program);
        let Some(context) = program.and_then(|program| program.context) else {
            return false;
        };
        let goes_there = |access: &Access| may_be(object, context, access, field);
        self.extent != Extent::Whole || self.accesses.iter().any(goes_there)
    }
}

fn may_be(object: &ObjectFile, context: TypeId, access: &Access, field: &str) -> bool {
    let is_read = match access.kind {
        AccessKind::Load | AccessKind::Store | AccessKind::Atomic => true,
        // The context itself is the first argument of those that want it; others copy from it.
        AccessKind::Helper { argument, .. } => argument > 1,
        AccessKind::Altered | AccessKind::KernelFunction { .. } | AccessKind::Function { .. } => {
            false
        }
    };
    if !is_read {
        return false;
    }
    let Some(offsets) = access.offsets() else {
        return true;
    };
    offsets.into_iter().any(|offset| {
        let placed = u32::try_from(offset)
            .ok()
            .and_then(|offset| object.field_at(context, offset));
        placed.is_none_or(|placed| outermost(&placed.path) == field)
    })
}

/// The member of the struct itself in a path such as `regs.di`.
fn outermost(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or(path)
}

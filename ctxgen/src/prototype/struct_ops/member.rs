//! Members of ops types.

use crate::btf::Type;
use crate::btf::TypeId;

/// A function pointer in an ops type.
pub(super) struct Member<'k> {
    /// The wrapper, which is where the kernel or one of its modules offers the type.
    pub(super) wrapper: TypeId,
    /// The ops type.
    pub(super) ops: Type<'k>,
    pub(super) name: &'k str,
    /// The prototype behind the pointer.
    pub(super) proto: Type<'k>,
}

impl Member<'_> {
    pub(super) fn target(&self) -> String {
        format!("{}/{}", self.ops.name(), self.name)
    }
}

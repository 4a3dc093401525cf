//! How compilers align types.
//!
//! BTF does not say which structs are packed: those are, in which something is not where it would be by its
//! own alignment.

use super::DumpError;
use super::writer::Writer;
use crate::btf::Composite;
use crate::btf::Kind;
use crate::btf::TypeId;

/// The size of `__int128`, in bytes, which is how clang aligns it on all 64-bit machines but s390.
const WIDE: u32 = 16;

impl Writer<'_> {
    /// How a type is aligned, in bytes. At least 1; 1 for a struct in which something is not aligned.
    ///
    /// # Errors
    /// [`DumpError::Layout`] of `owner`, where it has none: what is only declared, a function, nothing.
    pub(super) fn align_of(&mut self, id: TypeId, owner: TypeId) -> Result<u32, DumpError> {
        let mut id = id;
        let mut levels = 0;
        let align = loop {
            self.enter(id)?;
            levels += 1;
            let ty = self.btf.get(id).ok_or(DumpError::NoType(id))?;
            id = match ty.kind() {
                Kind::Int { size: 0, .. }
                | Kind::Float { size: 0 }
                | Kind::Enum { size: 0 }
                | Kind::Enum64 { size: 0 } => return Err(DumpError::Layout(id)),
                // The one number that compilers align by more than by a pointer.
                Kind::Int { size: WIDE, .. } => break WIDE,
                Kind::Int { size, .. }
                | Kind::Float { size }
                | Kind::Enum { size }
                | Kind::Enum64 { size } => break size.min(self.btf.pointer_size()),
                Kind::Ptr(_) => break self.btf.pointer_size(),
                Kind::Typedef(to)
                | Kind::Volatile(to)
                | Kind::Const(to)
                | Kind::Restrict(to)
                | Kind::TypeTag(to) => to,
                Kind::Array { element, .. } => element,
                Kind::Struct(composite) | Kind::Union(composite) => {
                    break self.align_of_composite(id, composite)?;
                }
                _ => return Err(DumpError::Layout(owner)),
            };
        };
        self.leave(levels);
        Ok(align)
    }

    fn align_of_composite(
        &mut self,
        id: TypeId,
        composite: Composite<'_>,
    ) -> Result<u32, DumpError> {
        match self.aligns.get(&id) {
            // It is in itself.
            Some(0) => return Err(DumpError::Nesting(id)),
            Some(align) => return Ok(*align),
            None => self.aligns.insert(id, 0),
        };
        let (packed, most) = self.is_packed(id, composite)?;
        let align = if packed { 1 } else { most };
        self.aligns.insert(id, align);
        Ok(align)
    }

    /// Whether a compiler would put members elsewhere, or give the whole another size, without being told
    /// to pack it; and how it is aligned where it would not.
    pub(super) fn is_packed(
        &mut self,
        id: TypeId,
        composite: Composite<'_>,
    ) -> Result<(bool, u32), DumpError> {
        let mut most = 1;
        let mut packed = false;
        for member in composite.members() {
            let align = self.align_of(member.type_id, id)?;
            most = most.max(align);
            packed |= match member.bits {
                0 => !member.bit_offset.is_multiple_of(8 * align),
                // No bitfield is in two numbers of its type.
                bits => {
                    let size = self.btf.size_of(member.type_id).unwrap_or(0);
                    let unit = size.saturating_mul(8).max(1);
                    member.bit_offset % unit + bits > unit
                }
            };
        }
        Ok((packed || !composite.size.is_multiple_of(most), most))
    }
}

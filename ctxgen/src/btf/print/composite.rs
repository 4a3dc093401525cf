//! Structs and unions with their members.
//!
//! BTF has where each member is, and a compiler decides that by the members' types. So what it would do is
//! worked out on the way, and what is missing to where the member is, is written: members without names, and
//! `packed`.

use super::DumpError;
use super::padding::Gap;
use super::writer::Writer;
use super::writer::check_name;
use crate::btf::Composite;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::TypeId;

/// How many bits a struct may have: compilers count them as C's `int`.
const MAX_BITS: u64 = i32::MAX as u64;

impl<'b> Writer<'b> {
    pub(super) fn composite(
        &mut self,
        ty: &Type<'b>,
        composite: Composite<'b>,
        level: usize,
    ) -> Result<(), DumpError> {
        let is_struct = matches!(ty.kind(), Kind::Struct(_));
        let (packed, _) = self.is_packed(ty.id(), composite)?;
        self.text.push(if is_struct { "struct" } else { "union" });
        if ty.name_offset() != 0 {
            self.text.push(" ");
            self.own_name(ty)?;
        }
        self.text.push(" {");
        let end = self.members(ty.id(), composite, packed, level + 1)?;
        let bits = in_bits(composite.size).ok_or(DumpError::Layout(ty.id()))?;
        if is_struct {
            let align = self.align_of(ty.id(), ty.id())?;
            self.fill(ty.id(), Gap::last(end, bits, align, packed), level + 1)?;
        } else {
            self.fill_union(ty.id(), composite, packed, level + 1)?;
        }
        if composite.members().len() > 0 || composite.size > 0 {
            self.text.line(level);
        }
        self.text.push("}");
        if packed {
            self.text.push(" __attribute__((packed))");
        }
        Ok(())
    }

    /// Gives a union the size that its members alone do not give it.
    fn fill_union(
        &mut self,
        id: TypeId,
        composite: Composite<'b>,
        packed: bool,
        level: usize,
    ) -> Result<(), DumpError> {
        let mut largest = 0;
        for member in composite.members() {
            let size = self.btf.size_of(member.type_id).unwrap_or(0);
            largest = largest.max(match member.bits {
                0 => size,
                bits => bits.div_ceil(8),
            });
        }
        let align = if packed { 1 } else { self.align_of(id, id)? };
        let is_hollow = composite.members().len() == 0;
        if is_hollow || largest.next_multiple_of(align) >= composite.size {
            return Ok(());
        }
        let bits = in_bits(composite.size).ok_or(DumpError::Layout(id))?;
        self.text.line(level);
        self.text.push("struct {");
        self.fill(id, Gap::last(0, bits, align, false), level + 1)?;
        self.text.line(level);
        self.text.push("};");
        Ok(())
    }

    /// The members; where the last one ends, in bits.
    fn members(
        &mut self,
        id: TypeId,
        composite: Composite<'b>,
        packed: bool,
        level: usize,
    ) -> Result<u32, DumpError> {
        let layout = || DumpError::Layout(id);
        let mut end = 0;
        let mut after_bits = false;
        for member in composite.members() {
            self.text.step(id)?;
            let own_align = self.align_of(member.type_id, id)?;
            let gap = Gap {
                start: end,
                end: member.bit_offset,
                align: if packed { 1 } else { own_align },
                in_bits: after_bits && member.bits != 0,
                packed,
            };
            let bits = match member.bits {
                0 => in_bits(self.btf.size_of(member.type_id).unwrap_or(0)).ok_or_else(layout)?,
                bits => bits,
            };
            end = member.bit_offset.checked_add(bits).ok_or_else(layout)?;
            if u64::from(end) > MAX_BITS {
                return Err(layout());
            }
            self.fill(id, gap, level)?;
            self.text.line(level);
            check_name(member.name, id)?;
            self.declaration(member.type_id, member.name, level)?;
            if member.bits != 0 {
                self.text.push(": ");
                self.text.number(member.bits);
            }
            self.text.push(";");
            after_bits = member.bits != 0;
        }
        Ok(end)
    }
}

fn in_bits(bytes: u32) -> Option<u32> {
    let bits = u64::from(bytes) * 8;
    u32::try_from(bits).ok().filter(|_| bits <= MAX_BITS)
}

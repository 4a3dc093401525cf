//! What fills gaps between members: bitfields without names.

use super::DumpError;
use super::writer::Writer;
use crate::btf::TypeId;

/// From where a member ends to where the next one starts, in bits from the start of the struct.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) start: u32,
    pub(super) end: u32,
    /// How the compiler aligns what is behind, in bytes.
    pub(super) align: u32,
    /// Whether both are bitfields.
    pub(super) in_bits: bool,
    /// Whether the compiler puts bitfields where the last one ends, whatever their types.
    pub(super) packed: bool,
}

impl Gap {
    /// Behind the last member of what is packed or not.
    pub(super) fn last(start: u32, end: u32, align: u32, packed: bool) -> Self {
        Self {
            start,
            end,
            align,
            in_bits: false,
            packed,
        }
    }
}

impl Writer<'_> {
    /// Fills a gap with as many bits of the largest number that has its place in it, and leaves to the
    /// compiler what that does by itself.
    pub(super) fn fill(&mut self, id: TypeId, gap: Gap, level: usize) -> Result<(), DumpError> {
        let Gap {
            start,
            end,
            align,
            in_bits,
            packed,
        } = gap;
        if start >= end {
            return Ok(());
        }
        let units = [
            ("long", self.btf.pointer_size() * 8),
            ("int", 32),
            ("short", 16),
            ("char", 8),
        ];
        let fits = |unit: &&(&str, u32)| start.next_multiple_of(unit.1) <= end;
        let &(name, width) = units.iter().find(fits).unwrap_or(&units[3]);

        let mut at = start;
        let aligned = start.next_multiple_of(width);
        if aligned > at && aligned <= end {
            // Where the compiler would not go there by itself: the next member is there and does not have
            // to be, or what follows would find room before.
            let alone = aligned == end && start.next_multiple_of(align * 8) != aligned;
            let before = aligned != end && end - aligned <= aligned - start;
            // What follows is put at `start` otherwise.
            let unaligned = packed && aligned != end;
            if in_bits || alone || before || unaligned {
                self.unnamed(name, if in_bits { aligned - start } else { 0 }, level);
            }
            at = aligned;
        }
        while end - at >= width {
            self.text.step(id)?;
            self.unnamed(name, width, level);
            at += width;
        }
        if at < end {
            let rest = end - at;
            let holds = |unit: &&(&str, u32)| unit.1 >= rest;
            let smallest = units.iter().rev().find(holds);
            self.unnamed(smallest.map_or(name, |unit| unit.0), rest, level);
        }
        Ok(())
    }

    fn unnamed(&mut self, name: &str, bits: u32, level: usize) {
        self.text.line(level);
        self.text.push(name);
        self.text.push(": ");
        self.text.number(bits);
        self.text.push(";");
    }
}

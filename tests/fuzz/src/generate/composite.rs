//! Structs and unions, laid out as a compiler lays them out.

use libbpf_rs::libbpf_sys as sys;

use super::MAX_SIZE;
use super::Maker;
use super::Object;
use crate::blob::INFO;

/// The flag of a type's second word: places of members have the widths of bitfields too.
const HAS_BITFIELDS: u32 = 1 << 31;

/// A struct or union that is being laid out.
#[derive(Debug)]
struct Layout {
    is_union: bool,
    is_packed: bool,
    /// Where the last member ends, in bits.
    end: u32,
    /// In bytes.
    size: u32,
    align: u32,
    has_bitfields: bool,
    /// Of each member the name, the type, and the place with the width.
    words: Vec<u32>,
}

impl Layout {
    fn align_of(&self, object: Object) -> u32 {
        if self.is_packed { 1 } else { object.align }
    }

    /// The place of the next member, after so many units that are left out.
    fn place(&self, object: Object, width: u32, skipped: u32) -> u32 {
        if self.is_union {
            return 0;
        }
        let align = 8 * self.align_of(object);
        if width == 0 {
            return self.end.next_multiple_of(align.max(8)) + skipped * align;
        }
        let at = self.end + skipped;
        let unit = 8 * object.size;
        match !self.is_packed && at % unit + width > unit {
            true => at.next_multiple_of(unit),
            false => at,
        }
    }

    fn add(&mut self, name: u32, object: Object, width: u32, skipped: u32) {
        let place = self.place(object, width, skipped);
        let bits = if width == 0 { 8 * object.size } else { width };
        if (place + bits) / 8 > MAX_SIZE {
            return;
        }
        self.end = place + bits;
        self.size = self.size.max(self.end.div_ceil(8));
        self.align = self.align.max(self.align_of(object));
        self.has_bitfields |= width != 0;
        self.words.extend([name, object.id, width << 24 | place]);
    }
}

impl Maker<'_> {
    pub(super) fn structure(&mut self) {
        let name = self.name("s");
        let object = self.composite(&name, false);
        self.tags.push(object.id);
        self.add_object(object);
    }

    pub(super) fn union(&mut self) {
        let name = self.name("u");
        let object = self.composite(&name, true);
        self.tags.push(object.id);
        self.add_object(object);
    }

    pub(super) fn nameless(&mut self) {
        let is_union = self.once_in(2);
        let object = self.composite("", is_union);
        self.nameless.push(object);
        self.add_object(object);
    }

    fn composite(&mut self, name: &str, is_union: bool) -> Object {
        let mut layout = Layout {
            is_union,
            is_packed: self.once_in(5),
            end: 0,
            size: 0,
            align: 1,
            has_bitfields: false,
            words: Vec::new(),
        };
        for _ in 0..self.below(7) {
            self.member(&mut layout, !name.is_empty());
        }
        // One with a size and without members is hollow: such a kernel counts as a pinned one.
        let has_tail = self.once_in(10) && !layout.words.is_empty();
        let tail = if has_tail { layout.align } else { 0 };
        let size = layout.size.next_multiple_of(layout.align) + tail;
        let kind = match is_union {
            true => sys::BTF_KIND_UNION,
            false => sys::BTF_KIND_STRUCT,
        };
        let vlen = layout.words.len() / 3;
        let id = self.blob.add(name, kind, vlen, size, &layout.words);
        if layout.has_bitfields {
            self.blob.get_mut(id).words[INFO] |= HAS_BITFIELDS;
        }
        Object {
            id,
            size,
            align: layout.align,
            bits: 0,
            is_array: false,
            points_to_object: false,
        }
    }

    fn member(&mut self, layout: &mut Layout, has_name: bool) {
        let skipped = if self.once_in(8) {
            1 + self.below(3)
        } else {
            0
        };
        let skipped = u32::try_from(skipped).unwrap_or(0);
        // C has a member's name once, and that of a member without name counts among those around it.
        if self.once_in(4) && !self.nameless.is_empty() {
            let at = self.below(self.nameless.len());
            let object = self.nameless.swap_remove(at);
            layout.add(0, object, 0, skipped);
            return;
        }
        let object = self.object();
        let width = match object.bits > 0 && self.once_in(3) {
            true => 1 + self.below(object.bits as usize),
            false => 0,
        };
        let width = u32::try_from(width).unwrap_or(0);
        let mut name = self.fresh("m");
        // Members have names of their own, which others may have as well.
        if has_name && layout.words.is_empty() && self.once_in(6) && !self.names.is_empty() {
            name = self.names[0].clone();
        }
        let name = self.blob.string(&name);
        layout.add(name, object, width, skipped);
    }
}

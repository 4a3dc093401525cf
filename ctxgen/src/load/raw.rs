//! A kernel's BTF as bytes: what is in it, found in one walk and without a copy.
//!
//! libbpf needs 12 to 22 ms to parse a kernel's BTF, and an index of all names some more. At load
//! time that would be spent twice, since libbpf parses the kernel's BTF by itself; and the few types
//! that an object needs are found in a tenth of it.

use crate::btf::BtfError;
use crate::btf::ByteOrder;
use crate::btf::HeaderError;
use crate::btf::Sections;
use crate::btf::Shape;
use crate::btf::TYPE_WORDS;
use crate::btf::kind_number;

use super::names::Match;
use super::names::Sought;

/// How many bytes the first words of a type take.
const HEAD: usize = TYPE_WORDS * 4;

/// The types of one blob: a kernel's, or those that a module adds to them.
pub(super) struct RawBtf<'b> {
    order: ByteOrder,
    types: &'b [u8],
    strings: &'b [u8],
    /// Where in `types` each one is, in bytes.
    places: Vec<u32>,
}

impl<'b> RawBtf<'b> {
    /// Goes through all types of a blob, and hands out those that are sought, as indices.
    ///
    /// `base_strings` is the length of the string table that the blob's continues, 0 for a kernel's.
    pub(super) fn scan(
        bytes: &'b [u8],
        base: Option<&Self>,
        sought: &Sought,
        mut found: impl FnMut(Match, u32),
    ) -> Result<Self, BtfError> {
        let sections = Sections::parse(bytes)?;
        let order = sections.order;
        let mut raw = Self {
            order,
            types: &bytes[sections.types],
            strings: &bytes[sections.strings],
            places: Vec::new(),
        };
        // A type is 12 bytes at least, and three times that is what kernels have on average.
        raw.places.reserve(raw.types.len() / (2 * HEAD));
        let lengths = lengths();
        let mut at = 0;
        while let Some(head) = raw.types.get(at..).and_then(<[u8]>::first_chunk::<8>) {
            let [n0, n1, n2, n3, i0, i1, i2, i3] = *head;
            let info = order.u32([i0, i1, i2, i3]);
            let kind = kind_number(info);
            let Some((fixed, per_record)) = lengths[kind as usize] else {
                return Err(unknown_kind());
            };
            let len = HEAD + fixed + per_record * (info & 0xffff) as usize;
            if raw.types.len() - at < len {
                return Err(truncated(at + len, raw.types.len()));
            }
            if sought.has_kind(kind) {
                let name = order.u32([n0, n1, n2, n3]) as usize;
                let name = match base {
                    Some(base) => raw.after(base, name),
                    None => raw.strings.get(name..),
                };
                let index = u32::try_from(raw.places.len()).unwrap_or(u32::MAX);
                if let Some(name) = name {
                    sought.of(kind, name, |matched| found(matched, index));
                }
            }
            // Sections are addressed with 32 bits.
            raw.places.push(at as u32);
            at += len;
        }
        match at == raw.types.len() {
            true => Ok(raw),
            false => Err(truncated(at + HEAD, raw.types.len())),
        }
    }

    /// What starts at an offset of a string table that continues that of `base`.
    fn after<'s>(&'s self, base: &'s Self, offset: usize) -> Option<&'s [u8]> {
        match offset.checked_sub(base.strings.len()) {
            Some(own) => self.strings.get(own..),
            None => base.strings.get(offset..),
        }
    }

    pub(super) fn order(&self) -> ByteOrder {
        self.order
    }

    /// How many types it adds.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.places.len()).unwrap_or(u32::MAX)
    }

    /// The types and the strings, as they are.
    pub(super) fn sections(&self) -> (&'b [u8], &'b [u8]) {
        (self.types, self.strings)
    }

    /// What starts at an offset of its own strings: up to the first NUL; empty where there is
    /// nothing, or no text.
    pub(super) fn string(&self, offset: usize) -> &'b str {
        let rest = self.strings.get(offset..).unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == 0).unwrap_or(0);
        std::str::from_utf8(&rest[..len]).unwrap_or("\u{fffd}")
    }

    pub(super) fn string_len(&self) -> usize {
        self.strings.len()
    }

    /// The words of a type, in host byte order; none where there is no such type.
    pub(super) fn words(&self, index: u32) -> Vec<u32> {
        let index = index as usize;
        let Some(&start) = self.places.get(index) else {
            return Vec::new();
        };
        let end = self
            .places
            .get(index + 1)
            .map_or(self.types.len(), |end| *end as usize);
        self.types[start as usize..end]
            .chunks_exact(4)
            .map(|word| self.order.u32([word[0], word[1], word[2], word[3]]))
            .collect()
    }
}

/// How many bytes follow the first words of a type, by kind: always, and for each record that its
/// `vlen` counts.
fn lengths() -> [Option<(usize, usize)>; 32] {
    let mut lengths = [None; 32];
    for (kind, length) in (0..).zip(&mut lengths) {
        let info = kind << 24;
        *length = Shape::of(info).map(|shape| {
            let fixed = shape.trailing(info);
            (4 * fixed, 4 * (shape.trailing(info | 1) - fixed))
        });
    }
    lengths
}

fn truncated(need: usize, have: usize) -> BtfError {
    BtfError::Header(HeaderError::Truncated {
        need: need as u64,
        have,
    })
}

/// As libbpf says it.
fn unknown_kind() -> BtfError {
    BtfError::Malformed(std::io::Error::from(std::io::ErrorKind::InvalidInput))
}

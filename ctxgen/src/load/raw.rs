//! A kernel's BTF as bytes: what is in it, found in one walk and without a copy.
//!
//! libbpf needs 12 to 22 ms to parse a kernel's BTF, and an index of all names some more. At load
//! time that would be spent twice, since libbpf parses the kernel's BTF by itself; and the few types
//! that an object needs are found in a tenth of it.

use crate::btf::BtfError;
use crate::btf::ByteOrder;
use crate::btf::HeaderError;
use crate::btf::KSYM_NAME_LEN;
use crate::btf::Lengths;
use crate::btf::Sections;
use crate::btf::TYPE_WORDS;
use crate::btf::TypeId;
use crate::btf::is_unknown;
use crate::btf::kind_number;
use crate::btf::printable_name;
use crate::btf::stand_in;

use super::names::Match;
use super::names::Sought;

/// Of how many types the place of one is kept. The others are walked to from there, which is done for
/// few; the places of all would take more memory than all else that is needed.
const STRIDE: u32 = 64;

/// How many bytes the first words of a type take.
const HEAD: usize = TYPE_WORDS * 4;

/// As many bytes of a name as one may have, with its NUL. Names may be the ends of one string, so that
/// each could be as long as the whole table.
fn name_at(strings: &[u8]) -> &[u8] {
    &strings[..strings.len().min(KSYM_NAME_LEN)]
}

/// The types of one blob: a kernel's, or those that a module adds to them.
pub(super) struct RawBtf<'b> {
    order: ByteOrder,
    types: &'b [u8],
    strings: &'b [u8],
    lengths: Lengths,
    count: u32,
    /// Where in `types` every [`STRIDE`]th is, in bytes.
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
            types: &bytes[sections.types.clone()],
            strings: &bytes[sections.strings.clone()],
            lengths: sections.lengths(bytes, base.map(|base| &base.lengths)),
            count: 0,
            places: Vec::new(),
        };
        let mut at = 0;
        while at < raw.types.len() {
            let (head, len) = raw.head(at)?;
            let kind = kind_number(head[1]);
            if sought.has_kind(kind) {
                let name = head[0] as usize;
                let name = match base {
                    Some(base) => raw.after(base, name),
                    None => raw.strings.get(name..),
                };
                if let Some(name) = name {
                    sought.of(kind, name_at(name), |matched| found(matched, raw.count));
                }
            }
            if raw.count.is_multiple_of(STRIDE) {
                // Sections are addressed with 32 bits.
                raw.places.push(at as u32);
            }
            raw.count += 1;
            at += len;
        }
        Ok(raw)
    }

    /// Name and info of the type at a place, and its length in bytes.
    fn head(&self, at: usize) -> Result<([u32; 2], usize), BtfError> {
        let left = self.types.get(at..).unwrap_or_default();
        let truncated = |len| {
            BtfError::Header(HeaderError::Truncated {
                need: (at + len) as u64,
                have: self.types.len(),
            })
        };
        let &[n0, n1, n2, n3, i0, i1, i2, i3] = left.first_chunk().ok_or(truncated(HEAD))?;
        let info = self.order.u32([i0, i1, i2, i3]);
        let trailing = self.lengths.trailing(info).ok_or(BtfError::UnknownKind {
            id: TypeId(self.count.saturating_add(1)),
            kind: kind_number(info),
        })?;
        let len = HEAD + 4 * trailing;
        match len <= left.len() {
            true => Ok(([self.order.u32([n0, n1, n2, n3]), info], len)),
            false => Err(truncated(len)),
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
        self.count
    }

    /// What starts at an offset of its own strings: up to the first NUL; empty where there is
    /// nothing, or no text. As [`Btf::string`](crate::Btf) has it, a name that is too long for the kernel is
    /// the replacement character.
    pub(super) fn string(&self, offset: usize) -> &'b str {
        let rest = name_at(self.strings.get(offset..).unwrap_or_default());
        match rest.iter().position(|byte| *byte == 0) {
            Some(len) => printable_name(&rest[..len]),
            None if rest.len() < KSYM_NAME_LEN => "",
            None => printable_name(rest),
        }
    }

    pub(super) fn string_len(&self) -> usize {
        self.strings.len()
    }

    /// The words of a type, in host byte order; none where there is no such type. Of a kind that is not
    /// known, those of what stands in for it.
    pub(super) fn words(&self, index: u32) -> Vec<u32> {
        let bytes = self.find(index).unwrap_or_default();
        let words = bytes.as_chunks::<4>().0.iter();
        let words: Vec<u32> = words.map(|word| self.order.u32(*word)).collect();
        match words[..] {
            [name, info, ..] if is_unknown(kind_number(info)) => {
                stand_in(name, kind_number(info)).to_vec()
            }
            _ => words,
        }
    }

    /// The bytes of a type.
    fn find(&self, index: u32) -> Option<&'b [u8]> {
        if index >= self.count {
            return None;
        }
        let mut at = *self.places.get((index / STRIDE) as usize)? as usize;
        for _ in 0..index % STRIDE {
            at += self.head(at).ok()?.1;
        }
        let (_, len) = self.head(at).ok()?;
        self.types.get(at..at + len)
    }
}

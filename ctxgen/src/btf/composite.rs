//! Members of structs and unions.

use std::fmt;

use super::Btf;
use super::TypeId;

/// A struct's or union's members.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Composite<'a> {
    pub(super) btf: &'a Btf<'a>,
    /// In bytes.
    pub size: u32,
    pub(super) bitfields: bool,
    pub(super) raw: &'a [[u32; 3]],
}

impl fmt::Debug for Composite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.members()).finish()
    }
}

impl<'a> Composite<'a> {
    /// The words of the members that are not of an unknown kind.
    pub(super) fn words(&self) -> impl Iterator<Item = &'a [u32; 3]> + use<'a> {
        let btf = self.btf;
        self.raw.iter().filter(move |raw| is_there(btf, raw))
    }

    /// The members, in their order.
    pub fn members(&self) -> impl ExactSizeIterator<Item = Member<'a>> + use<'a> {
        let left = match self.btf.has_unknown() {
            true => self
                .raw
                .iter()
                .filter(|raw| is_there(self.btf, raw))
                .count(),
            false => self.raw.len(),
        };
        Members {
            btf: self.btf,
            bitfields: self.bitfields,
            raw: self.raw.iter(),
            left,
        }
    }
}

/// The members of a struct or union, without those of unknown kinds.
struct Members<'a> {
    btf: &'a Btf<'a>,
    bitfields: bool,
    raw: std::slice::Iter<'a, [u32; 3]>,
    left: usize,
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let &[name, type_id, offset] = match self.btf.has_unknown() {
            true => self.raw.find(|raw| is_there(self.btf, raw))?,
            false => self.raw.next()?,
        };
        self.left -= 1;
        // With `kind_flag`, the upper 8 bits of the offset are the bitfield's width.
        let (bit_offset, bits) = match self.bitfields {
            true => (offset & 0x00ff_ffff, offset >> 24),
            false => (offset, 0),
        };
        Some(Member {
            name: self.btf.string(name),
            type_id: TypeId(type_id),
            bit_offset,
            bits,
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for Members<'_> {}

impl Composite<'_> {
    /// Whether it has a member without a name whose type has one, which C has only with
    /// `-fms-extensions`.
    pub(crate) fn has_named_anonymous(&self) -> bool {
        self.raw.iter().filter(|raw| raw[0] == 0).any(|raw| {
            let inner = self.btf.skip_modifiers(TypeId(raw[1]));
            inner.is_some_and(|inner| !inner.name().is_empty())
        })
    }
}

/// A member of a struct or union.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Member<'a> {
    /// Empty for an anonymous struct or union.
    pub name: &'a str,
    /// Its type.
    pub type_id: TypeId,
    /// From the start of the struct, in bits.
    pub bit_offset: u32,
    /// A bitfield's width in bits, 0 for others.
    pub bits: u32,
}

/// Whether a member is not of an unknown kind.
fn is_there(btf: &Btf<'_>, raw: &[u32; 3]) -> bool {
    btf.unknown_behind(TypeId(raw[1])) == 0
}

//! The bytes of a blob, with its types as words in host byte order.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::ptr::NonNull;

use super::ByteOrder;
use super::Sections;
use super::header::assemble;

/// The bytes of a blob, owned or borrowed.
pub(super) struct Blob<'b> {
    bytes: Cow<'b, [u8]>,
    /// The types, where they are not read in place: they are in another byte order, or not aligned.
    copied: Vec<u32>,
    /// The types, in `bytes` or `copied`.
    words: NonNull<[u32]>,
    strings: Range<usize>,
    /// Whether the header is one that every reader knows.
    has_plain_header: bool,
}

// SAFETY: `words` is a view of `bytes` or `copied`, which are never changed, and so as good as a `&[u32]`.
unsafe impl Send for Blob<'_> {}
// SAFETY: likewise.
unsafe impl Sync for Blob<'_> {}

impl<'b> Blob<'b> {
    pub(super) fn new(bytes: Cow<'b, [u8]>, sections: &Sections) -> Self {
        let types = &bytes[sections.types.clone()];
        // SAFETY: any bits are a u32.
        let (before, in_place, _) = unsafe { types.align_to::<u32>() };
        let is_in_place = before.is_empty() && sections.order == ByteOrder::HOST;
        let copied = match is_in_place {
            true => Vec::new(),
            false => copied(types, sections.order),
        };
        let words = match is_in_place {
            true => NonNull::from(in_place),
            false => NonNull::from(&copied[..]),
        };
        Self {
            bytes,
            copied,
            words,
            strings: sections.strings.clone(),
            has_plain_header: sections.has_plain_header(),
        }
    }

    #[inline(always)]
    pub(super) fn words(&self) -> &[u32] {
        // SAFETY: they are in `bytes` or `copied`, which are never changed and stay where they are in memory
        // as long as this lives, whether it is moved or not.
        unsafe { self.words.as_ref() }
    }

    pub(super) fn strings(&self) -> &[u8] {
        &self.bytes[self.strings.clone()]
    }

    /// All bytes, with a header of 24 of them.
    pub(super) fn plain(&self, order: ByteOrder) -> Cow<'_, [u8]> {
        match self.has_plain_header {
            true => Cow::Borrowed(&self.bytes),
            false => Cow::Owned(assemble(
                order,
                &in_order(self.words(), order),
                self.strings(),
            )),
        }
    }
}

impl fmt::Debug for Blob<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob")
            .field("bytes", &self.bytes.len())
            .field("copied", &self.copied.len())
            .finish_non_exhaustive()
    }
}

/// Words in host byte order, copied: by the byte, as a build script is compiled without optimization and a
/// loop would take its time.
fn copied(bytes: &[u8], order: ByteOrder) -> Vec<u32> {
    let mut words = vec![0_u32; bytes.len() / 4];
    let len = 4 * words.len();
    // SAFETY: `words` has room for `len` bytes, `bytes` has as many or more, and any bits are a u32.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), words.as_mut_ptr().cast::<u8>(), len) };
    if order != ByteOrder::HOST {
        let words = &mut words[..];
        let mut at = 0;
        while at < words.len() {
            words[at] = words[at].swap_bytes();
            at += 1;
        }
    }
    words
}

/// The bytes of words in a byte order.
pub(super) fn in_order(words: &[u32], order: ByteOrder) -> Cow<'_, [u8]> {
    if order == ByteOrder::HOST {
        // SAFETY: any part of a u32 is a u8.
        return Cow::Borrowed(unsafe { words.align_to::<u8>() }.1);
    }
    let mut bytes = Vec::with_capacity(4 * words.len());
    for &word in words {
        order.put_u32(&mut bytes, word);
    }
    Cow::Owned(bytes)
}

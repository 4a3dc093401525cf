//! How much a file may make its reader decompress.

/// What any file may unpack to, however small it is.
const LEAST: u64 = 16 << 20;

/// What each byte of a file may unpack to beyond that. Kernels shrink to a fifth, debug information to a
/// tenth; what shrinks to less was made to fill memory.
const PER_BYTE: u64 = 20;

/// What is left of the bounds that a file and all that is packed in it share.
#[derive(Debug)]
pub(super) struct Room {
    /// How many bytes it may have in all once it is unpacked.
    #[cfg(feature = "images")]
    limit: u64,
    /// How many of these are left.
    #[cfg(feature = "images")]
    bytes: u64,
    /// How many bytes the buffers may have, in all, that decoders are set up with: an empty stream of
    /// some ten bytes can ask for megabytes that are filled with zeroes first.
    #[cfg(feature = "images")]
    setup: u64,
    /// A buffer that decoders share.
    #[cfg(feature = "images")]
    scratch: Vec<u8>,
}

impl Room {
    /// For a file of `len` bytes.
    pub(super) fn for_file(len: usize) -> Self {
        Self::of(LEAST.saturating_add(PER_BYTE.saturating_mul(len as u64)))
    }

    #[cfg(feature = "images")]
    pub(super) fn of(limit: u64) -> Self {
        Self {
            limit,
            bytes: limit,
            setup: limit.max(LEAST),
            scratch: Vec::new(),
        }
    }

    /// Nothing is unpacked without the feature.
    #[cfg(not(feature = "images"))]
    pub(super) fn of(_limit: u64) -> Self {
        Self {}
    }

    /// How many bytes all of it may have.
    #[cfg(feature = "images")]
    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    /// How many bytes there is room for.
    #[cfg(feature = "images")]
    pub(super) fn left(&self) -> u64 {
        self.bytes
    }

    /// Takes room for `len` bytes; `None`, and no room is left, where there is less.
    #[cfg(feature = "images")]
    pub(super) fn take(&mut self, len: usize) -> Option<()> {
        take(&mut self.bytes, len as u64)
    }

    /// Takes room for a decoder with buffers of `len` bytes; `None` where there is less.
    #[cfg(feature = "images")]
    pub(super) fn set_up(&mut self, len: u64) -> Option<()> {
        take(&mut self.setup, len)
    }

    /// A buffer of `len` bytes, with whatever is in it from before. It is to be given back.
    #[cfg(feature = "images")]
    pub(super) fn borrow_scratch(&mut self, len: usize) -> Vec<u8> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.resize(len, 0);
        scratch
    }

    #[cfg(feature = "images")]
    pub(super) fn return_scratch(&mut self, scratch: Vec<u8>) {
        self.scratch = scratch;
    }
}

#[cfg(feature = "images")]
fn take(left: &mut u64, len: u64) -> Option<()> {
    let rest = left.checked_sub(len);
    *left = rest.unwrap_or(0);
    rest.map(|_| ())
}

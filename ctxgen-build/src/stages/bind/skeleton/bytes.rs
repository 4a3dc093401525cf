//! Numbers in the bytes of an object, in its byte order.

/// Bytes of an object.
pub(super) struct Bytes {
    pub(super) bytes: Vec<u8>,
    is_big: bool,
}

impl Bytes {
    pub(super) fn new(bytes: Vec<u8>, is_big: bool) -> Self {
        Self { bytes, is_big }
    }

    /// A number of so many bytes, up to 8.
    pub(super) fn get(&self, at: usize, len: usize) -> Option<usize> {
        let bytes = self.bytes.get(at..at.checked_add(len)?)?;
        let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        let number = match self.is_big {
            true => bytes.iter().fold(0, add),
            false => bytes.iter().rev().fold(0, add),
        };
        usize::try_from(number).ok()
    }

    pub(super) fn u16(&self, at: usize) -> Option<usize> {
        self.get(at, 2)
    }

    pub(super) fn u32(&self, at: usize) -> Option<usize> {
        self.get(at, 4)
    }

    pub(super) fn u64(&self, at: usize) -> Option<usize> {
        self.get(at, 8)
    }

    /// Puts a number of so many bytes, up to 8, in the place of another.
    pub(super) fn set(&mut self, at: usize, len: usize, number: usize) -> Option<()> {
        let place = self.bytes.get_mut(at..at.checked_add(len)?)?;
        let bytes = (number as u64).to_le_bytes();
        place.copy_from_slice(bytes.get(..len)?);
        if self.is_big {
            place.reverse();
        }
        Some(())
    }

    pub(super) fn set_u32(&mut self, at: usize, number: usize) -> Option<()> {
        self.set(at, 4, number)
    }

    /// The string at that place, which ends in NUL.
    pub(super) fn string(&self, at: usize) -> Option<&str> {
        let rest = self.bytes.get(at..)?;
        let len = rest.iter().position(|byte| *byte == 0)?;
        std::str::from_utf8(&rest[..len]).ok()
    }

    /// Adds bytes at the end, and gives back where they are.
    pub(super) fn append(&mut self, bytes: &[u8]) -> usize {
        let at = self.bytes.len().next_multiple_of(8);
        self.bytes.resize(at, 0);
        self.bytes.extend_from_slice(bytes);
        at
    }
}

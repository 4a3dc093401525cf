//! Where decompressed bytes go, and how many there may be.

use std::io;
use std::io::Read;

use super::super::Room;

/// Why data could not be decompressed.
#[derive(Debug)]
pub(in super::super) enum Failure {
    /// It is more than there is room for.
    TooLarge,
    /// The decoder's reason.
    Corrupt(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Corrupt(error)
    }
}

/// Decompressed bytes, of which there is a limited number.
#[derive(Debug)]
pub(super) struct Output<'r> {
    bytes: Vec<u8>,
    room: &'r mut Room,
}

impl<'r> Output<'r> {
    /// `room` is how much there may be. It is less by as much as there is, also where decompression
    /// fails: it has cost its time.
    pub(super) fn new(room: &'r mut Room) -> Self {
        Self {
            bytes: Vec::new(),
            room,
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// All that `decoder` gives.
    pub(super) fn read(&mut self, decoder: &mut dyn Read) -> Result<(), Failure> {
        let before = self.bytes.len();
        // One more, to know whether there are more.
        let result = decoder
            .take(self.room.left().saturating_add(1))
            .read_to_end(&mut self.bytes);
        self.spend(self.bytes.len() - before)?;
        result?;
        Ok(())
    }

    /// These bytes.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.spend(bytes.len())?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// `len` bytes of 0, to be written to.
    pub(super) fn grow(&mut self, len: usize) -> Result<&mut [u8], Failure> {
        self.spend(len)?;
        let before = self.bytes.len();
        self.bytes.resize(before + len, 0);
        Ok(&mut self.bytes[before..])
    }

    fn spend(&mut self, len: usize) -> Result<(), Failure> {
        self.room.take(len).ok_or(Failure::TooLarge)
    }

    /// What is shared by all streams.
    pub(super) fn room(&mut self) -> &mut Room {
        self.room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_for_exactly_as_many() {
        let mut room = Room::of(6);
        let mut output = Output::new(&mut room);
        output.read(&mut &b"abc"[..]).unwrap();
        output.extend(b"d").unwrap();
        output.grow(2).unwrap()[1] = b'f';
        assert!(matches!(output.extend(b"g"), Err(Failure::TooLarge)));
        assert_eq!(output.into_bytes(), b"abcd\0f");
    }

    #[test]
    fn no_end() {
        let mut room = Room::of(1000);
        let mut output = Output::new(&mut room);
        let failure = output.read(&mut io::repeat(1));
        assert!(matches!(failure, Err(Failure::TooLarge)));
        assert!(output.bytes.len() <= 1001);
        assert_eq!(room.left(), 0);
    }
}

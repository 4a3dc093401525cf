//! The container that `lzop` writes, with LZO1X data in it. Its layout is that which the kernel
//! reads in `lib/decompress_unlzo.c`, and `lzop` has a few more checksums.

use std::io;

use super::corrupt;
use super::cut_short;
use super::output::Failure;
use super::output::Output;

const MAGIC_LEN: usize = 9;

/// The first version of the format with a level and with the high half of the time.
const VERSION_WITH_LEVEL: u16 = 0x0940;

const FLAG_ADLER32_OF_PLAIN: u32 = 1 << 0;
const FLAG_ADLER32_OF_DATA: u32 = 1 << 1;
const FLAG_EXTRA_FIELD: u32 = 1 << 6;
const FLAG_CRC32_OF_PLAIN: u32 = 1 << 8;
const FLAG_CRC32_OF_DATA: u32 = 1 << 9;
const FLAG_FILTER: u32 = 1 << 11;

/// The largest block that `lzop` reads.
const MAX_BLOCK: u32 = 64 << 20;

/// How many bytes a byte of LZO1X can become at most: one of 0 makes a length longer by 255
/// (`Documentation/staging/lzo.rst` of Linux). No room is made for more.
const MOST_PER_BYTE: u64 = 256;

pub(super) fn decode(input: &mut &[u8], output: &mut Output<'_>) -> Result<(), Failure> {
    let mut fields = Fields { rest: input };
    let flags = header(&mut fields)?;
    let checksums = |these: &[u32]| 4 * these.iter().filter(|&flag| flags & flag != 0).count();
    loop {
        let plain_len = fields.u32()?;
        if plain_len == 0 {
            break;
        }
        let data_len = fields.u32()?;
        if plain_len > MAX_BLOCK || data_len > plain_len {
            return Err(corrupt("a block's length cannot be").into());
        }
        fields.bytes(checksums(&[FLAG_ADLER32_OF_PLAIN, FLAG_CRC32_OF_PLAIN]))?;
        if data_len == plain_len {
            output.extend(fields.bytes(data_len as usize)?)?;
            continue;
        }
        fields.bytes(checksums(&[FLAG_ADLER32_OF_DATA, FLAG_CRC32_OF_DATA]))?;
        let data = fields.bytes(data_len as usize)?;
        if u64::from(plain_len) > MOST_PER_BYTE * u64::from(data_len) {
            return Err(corrupt("a block's length cannot be").into());
        }
        let plain = output.grow(plain_len as usize)?;
        let len = lzo::decompress_into(data, plain).map_err(io::Error::other)?;
        if len != plain.len() {
            return Err(corrupt("a block holds less than it says").into());
        }
    }
    *input = fields.rest;
    Ok(())
}

/// Reads the header and answers with its flags.
fn header(fields: &mut Fields<'_>) -> io::Result<u32> {
    fields.bytes(MAGIC_LEN)?;
    let version = fields.u16()?;
    let with_level = version >= VERSION_WITH_LEVEL;
    // The library's version, and the one needed to extract.
    fields.bytes(if with_level { 4 } else { 2 })?;
    let method = fields.u8()?;
    if !(1..=3).contains(&method) {
        return Err(corrupt("its method is none of LZO1X"));
    }
    fields.bytes(usize::from(with_level))?;
    let flags = fields.u32()?;
    if flags & FLAG_FILTER != 0 {
        return Err(corrupt("it went through a filter"));
    }
    // File mode and time.
    fields.bytes(if with_level { 12 } else { 8 })?;
    let name_len = fields.u8()?;
    fields.bytes(name_len.into())?;
    let _checksum = fields.u32()?;
    if flags & FLAG_EXTRA_FIELD != 0 {
        let extra_len = fields.u32()?;
        fields.bytes(extra_len as usize)?;
        let _checksum = fields.u32()?;
    }
    Ok(flags)
}

/// Big-endian numbers, one after the other.
struct Fields<'i> {
    rest: &'i [u8],
}

impl<'i> Fields<'i> {
    fn bytes(&mut self, len: usize) -> io::Result<&'i [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(len).ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (&array, rest) = self.rest.split_first_chunk().ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(array)
    }

    fn u8(&mut self) -> io::Result<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> io::Result<u16> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_be_bytes)
    }
}

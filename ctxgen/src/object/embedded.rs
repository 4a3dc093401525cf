//! BPF objects inside of other files: executables with skeletons in them, libraries, archives.
//!
//! They are found by content: an ELF header for the BPF machine, with a section table that lies within the
//! file. Each is cut out of the file once, and what is inside of one is not looked for again.

use std::ops::Range;

/// What all ELF files of 64 bits start with.
const MAGIC: [u8; 5] = [0x7f, b'E', b'L', b'F', 2];
/// The length of the header, of an entry in the section table, and the machine's number.
const HEADER: usize = 64;
const SECTION: u64 = 64;
const MACHINE: u16 = 247;
/// Sections without bytes in the file.
const NO_BITS: u32 = 8;
/// How many objects are looked for in one file.
const MAX_OBJECTS: usize = 4096;
/// How many entries of section tables are looked at in the smallest file. In a file of objects, each is looked
/// at once; headers could share a table.
const LEAST_ENTRIES: usize = 1 << 16;

/// Where in a file BPF objects are, in their order. A file that is one itself is the only one.
pub fn embedded(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut entries = LEAST_ENTRIES.saturating_add(bytes.len() / SECTION as usize);
    while found.len() < MAX_OBJECTS
        && let Some(next) = position(&bytes[at..])
    {
        let start = at + next;
        match length(&bytes[start..], &mut entries) {
            Some(len) => {
                found.push(start..start + len);
                at = start + len;
            }
            None => at = start + 1,
        }
    }
    found
}

/// Where the next ELF header is.
fn position(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let next = from
            + bytes
                .get(from..)?
                .iter()
                .position(|byte| *byte == MAGIC[0])?;
        if bytes[next..].starts_with(&MAGIC) {
            return Some(next);
        }
        from = next + 1;
    }
}

/// How long the BPF object is that starts there, up to the end of the last thing that its header and its
/// section table tell of; `None` where there is none. No more than so many entries are looked at.
fn length(bytes: &[u8], entries: &mut usize) -> Option<usize> {
    let header = bytes.get(..HEADER)?;
    let is_little = match header[5] {
        1 => true,
        2 => false,
        _ => return None,
    };
    let number = |at: usize, len: usize| -> Option<u64> {
        let digits = bytes.get(at..at.checked_add(len)?)?;
        let shifted = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(match is_little {
            true => digits.iter().rev().fold(0, shifted),
            false => digits.iter().fold(0, shifted),
        })
    };
    if number(18, 2)? != u64::from(MACHINE) || number(58, 2)? != SECTION {
        return None;
    }
    let (table, count) = (number(40, 8)?, number(60, 2)?);
    let mut end = table.checked_add(count.checked_mul(SECTION)?)?;
    if table < HEADER as u64 || end > bytes.len() as u64 || count == 0 {
        return None;
    }
    for section in 0..count {
        *entries = entries.checked_sub(1)?;
        let at = usize::try_from(table + section * SECTION).ok()?;
        let (offset, len) = (number(at + 24, 8)?, number(at + 32, 8)?);
        if number(at + 4, 4)? != u64::from(NO_BITS) {
            end = end.max(offset.checked_add(len)?);
        }
    }
    usize::try_from(end).ok().filter(|end| *end <= bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with a section table of one entry behind it, whose section ends at `end`.
    fn object(end: u64) -> Vec<u8> {
        let mut bytes = vec![0; HEADER + 64];
        bytes[..6].copy_from_slice(&[0x7f, b'E', b'L', b'F', 2, 1]);
        bytes[18..20].copy_from_slice(&MACHINE.to_le_bytes());
        bytes[40..48].copy_from_slice(&64_u64.to_le_bytes());
        bytes[58..60].copy_from_slice(&64_u16.to_le_bytes());
        bytes[60..62].copy_from_slice(&1_u16.to_le_bytes());
        bytes[64 + 24..64 + 32].copy_from_slice(&128_u64.to_le_bytes());
        let len = end.saturating_sub(128);
        bytes[64 + 32..64 + 40].copy_from_slice(&len.to_le_bytes());
        bytes
    }

    #[test]
    fn among_other_bytes() {
        let mut file = b"\x7fELF\x7f\x7fELF\x02 and more".to_vec();
        let start = file.len();
        file.extend(object(128));
        file.extend(b"between");
        let second = file.len();
        file.extend(object(130));
        file.extend([1, 2]);
        let expected = [start..start + 128, second..second + 130];
        assert_eq!(embedded(&file), expected);
        assert_eq!(embedded(&object(128)).first(), Some(&(0..128)));
    }

    #[test]
    fn nothing_beyond_the_end() {
        assert_eq!(embedded(&object(129)), []);
        assert_eq!(embedded(&object(u64::MAX)), []);
        let whole = object(128);
        for len in 0..whole.len() {
            assert_eq!(embedded(&whole[..len]), [], "{len}");
        }
        assert_eq!(embedded(&[0x7f; 1 << 16]), []);
    }
}

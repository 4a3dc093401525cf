//! Which types are sought, by kind and name.

use std::ffi::CStr;

use crate::essential_name;

/// A kind of BTF as one bit of a word.
fn bit(kind: u32) -> u32 {
    1_u32.checked_shl(kind).unwrap_or(0)
}

/// How a name is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Compare {
    /// It is that name.
    Whole,
    /// It is that name with any flavour, as CO-RE compares them.
    Essential,
    /// It starts so.
    Prefix,
    /// It ends so.
    Suffix,
}

/// No entry.
const NONE: u16 = u16::MAX;

/// Which of what is sought was found.
pub(super) type Match = usize;

/// One thing that is sought.
#[derive(Debug)]
struct Entry {
    /// As bits.
    kinds: u32,
    compare: Compare,
    name: String,
    /// The first eight bytes of the name, and which bits of them count.
    start: u64,
    mask: u64,
    /// The next entry for names with the same first byte, or [`NONE`].
    next: u16,
}

/// What is sought.
#[derive(Debug)]
pub(super) struct Sought {
    kinds: u32,
    entries: Vec<Entry>,
    /// The first entry for names with this first byte, or [`NONE`].
    by_first: [u16; 256],
    /// Those by which names end.
    by_last: Vec<u16>,
}

impl Sought {
    pub(super) fn new() -> Self {
        Self {
            kinds: 0,
            entries: Vec::new(),
            by_first: [NONE; 256],
            by_last: Vec::new(),
        }
    }

    /// Adds a name, which is not empty, for types of any of these kinds.
    pub(super) fn add(&mut self, kinds: &[u32], compare: Compare, name: &str) -> Match {
        let kinds = kinds.iter().fold(0, |bits, kind| bits | bit(*kind));
        let same = |entry: &Entry| {
            (entry.kinds, entry.compare, entry.name.as_str()) == (kinds, compare, name)
        };
        if let Some(known) = self.entries.iter().position(same) {
            return known;
        }
        let (start, mask) = start(name.as_bytes(), 8);
        let number = self.entries.len();
        let mut next = NONE;
        if let (Some(first), Ok(short)) = (name.bytes().next(), u16::try_from(number)) {
            match compare {
                Compare::Suffix => self.by_last.push(short),
                _ => next = std::mem::replace(&mut self.by_first[usize::from(first)], short),
            }
        }
        self.kinds |= kinds;
        self.entries.push(Entry {
            kinds,
            compare,
            name: name.to_owned(),
            start,
            mask,
            next,
        });
        number
    }

    /// How many things are sought.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn has_kind(&self, kind: u32) -> bool {
        self.kinds & bit(kind) != 0
    }

    /// What is sought by that kind and by the name that `text` starts with and a NUL ends.
    pub(super) fn of(&self, kind: u32, text: &[u8], mut found: impl FnMut(Match)) {
        let Some(&first) = text.first() else {
            return;
        };
        for &number in &self.by_last {
            let entry = &self.entries[usize::from(number)];
            if entry.kinds & bit(kind) != 0 && entry.is_end_of(text) {
                found(number.into());
            }
        }
        let mut number = self.by_first[usize::from(first)];
        if number == NONE {
            return;
        }
        let (begins, _) = start(text, text.len().min(8));
        while number != NONE {
            let entry = &self.entries[usize::from(number)];
            if begins & entry.mask == entry.start && entry.kinds & bit(kind) != 0 && entry.is(text)
            {
                found(number.into());
            }
            number = entry.next;
        }
    }
}

impl Entry {
    fn is_end_of(&self, text: &[u8]) -> bool {
        let text = CStr::from_bytes_until_nul(text);
        text.is_ok_and(|text| text.to_bytes().ends_with(self.name.as_bytes()))
    }

    fn is(&self, text: &[u8]) -> bool {
        let Some(rest) = text.strip_prefix(self.name.as_bytes()) else {
            return false;
        };
        match self.compare {
            Compare::Prefix => true,
            // It is no start of anything.
            Compare::Suffix => false,
            _ if rest.first() == Some(&0) => {
                self.compare == Compare::Whole || {
                    // What has a flavour itself is another name.
                    essential_name(&self.name) == self.name
                }
            }
            Compare::Whole => false,
            Compare::Essential => {
                rest.starts_with(b"___")
                    && CStr::from_bytes_until_nul(text)
                        .ok()
                        .and_then(|text| text.to_str().ok())
                        .is_some_and(|text| essential_name(text) == self.name)
            }
        }
    }
}

/// The first `len` bytes of a text as a number, and which bits of that they are.
fn start(text: &[u8], len: usize) -> (u64, u64) {
    if let Some(eight) = text.first_chunk::<8>().filter(|_| len >= 8) {
        return (u64::from_le_bytes(*eight), u64::MAX);
    }
    let mut bytes = [0; 8];
    let mut mask = [0; 8];
    for (at, byte) in text.iter().take(8).enumerate() {
        bytes[at] = *byte;
        mask[at] = 0xff;
    }
    (u64::from_le_bytes(bytes), u64::from_le_bytes(mask))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sought: &Sought, kind: u32, text: &[u8]) -> Vec<Match> {
        let mut all = Vec::new();
        sought.of(kind, text, |matched| all.push(matched));
        all
    }

    #[test]
    fn whole_names_flavours_prefixes_and_suffixes() {
        let mut sought = Sought::new();
        let func = sought.add(&[12], Compare::Whole, "vfs_unlink");
        let task = sought.add(&[4], Compare::Essential, "task_struct");
        let class = sought.add(&[12], Compare::Prefix, "__bpf_trace_");
        let end = sought.add(&[12], Compare::Suffix, "_init");
        let short = sought.add(&[8], Compare::Essential, "u8");
        assert_eq!(sought.add(&[12], Compare::Whole, "vfs_unlink"), func);
        for (kind, text, expected) in [
            (12, &b"vfs_unlink\0"[..], vec![func]),
            (12, b"vfs_unlink2\0", vec![]),
            (12, b"vfs_unlink___x\0", vec![]),
            (4, b"vfs_unlink\0", vec![]),
            (4, b"task_struct\0rest", vec![task]),
            (4, b"task_struct___old\0", vec![task]),
            (4, b"task_struct____old\0", vec![]),
            (4, b"task_struct___a___b\0", vec![]),
            (12, b"__bpf_trace_sched\0", vec![class]),
            (12, b"tcp_init\0rest", vec![end]),
            (12, b"_init\0", vec![end]),
            (12, b"tcp_init", vec![]),
            (12, b"tcp_initial\0", vec![]),
            (4, b"tcp_init\0", vec![]),
            (8, b"u8\0", vec![short]),
            (8, b"u8___x\0", vec![short]),
            (8, b"u16\0", vec![]),
            (8, b"u8", vec![]),
            (8, b"", vec![]),
        ] {
            assert_eq!(found(&sought, kind, text), expected, "{text:?}");
        }
    }
}

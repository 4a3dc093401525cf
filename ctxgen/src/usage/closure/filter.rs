//! Most names are none of those that are wanted, and that is told by less than all of them.

use std::collections::BTreeSet;

/// Whether a name may be one of some others, by its first bytes. Of a kernel's names hardly one
/// in a hundred is wanted, and build scripts are not optimized.
pub(super) struct Filter(Vec<bool>);

impl Filter {
    pub(super) fn new<'n>(sets: impl IntoIterator<Item = &'n BTreeSet<&'n str>>) -> Self {
        let mut filter = Self(vec![false; 1 << 16]);
        for set in sets {
            for name in set {
                let name = [name.as_bytes(), &[0]].concat();
                filter.0[place(&name, 0)] = true;
            }
        }
        filter
    }

    /// Of the name at that offset of these strings.
    pub(super) fn may_have(&self, strings: &[u8], name: u32) -> bool {
        self.0[place(strings, name as usize)]
    }
}

/// A number for the first four bytes of what stands there, up to a NUL.
fn place(strings: &[u8], at: usize) -> usize {
    let mut place = 0;
    let mut at = at;
    let end = at + 4;
    while at < end && at < strings.len() && strings[at] != 0 {
        place = place << 4 ^ strings[at] as usize;
        at += 1;
    }
    place & 0xffff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_their_first_bytes() {
        let names = BTreeSet::from(["a", "ab", "abc", "abcdef"]);
        let filter = Filter::new([&names]);
        let strings = b"\0a\0ab\0abc\0abcdef\0x\0abcx\0abcdx\0";
        for (at, expected) in [
            (0, false),
            (1, true),
            (3, true),
            (6, true),
            (10, true),
            (17, false),
            (19, false),
            // It may be, and is not.
            (24, true),
            (1000, false),
        ] {
            assert_eq!(filter.may_have(strings, at), expected, "{at}");
        }
    }
}

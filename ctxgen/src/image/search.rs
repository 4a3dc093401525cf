//! Searching bytes for bytes.

use std::io::BufRead;

/// Where `needle` is in `bytes`, in ascending order.
pub(super) fn find_all<'b>(bytes: &'b [u8], needle: &'b [u8]) -> impl Iterator<Item = usize> + 'b {
    let mut from = 0;
    std::iter::from_fn(move || {
        let &first = needle.first()?;
        loop {
            // In a build script nothing of ours is optimised, and a loop over the tens of
            // megabytes of a kernel takes seconds. This ends in libc's memchr.
            let skipped = bytes.get(from..)?.skip_until(first).ok()?;
            let at = (from + skipped).checked_sub(1)?;
            if skipped == 0 || bytes[at] != first {
                return None;
            }
            from = at + 1;
            if bytes[at..].starts_with(needle) {
                return Some(at);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
        find_all(bytes, needle).collect()
    }

    #[test]
    fn every_place() {
        assert_eq!(all(b"abcabcab", b"abc"), [0, 3]);
        assert_eq!(all(b"aaaa", b"aa"), [0, 1, 2]);
        assert_eq!(all(b"xxa", b"a"), [2]);
    }

    #[test]
    fn none() {
        assert!(all(b"", b"a").is_empty());
        assert!(all(b"abab", b"abc").is_empty());
        assert!(all(b"xyz", b"a").is_empty());
        assert!(all(b"xyz", b"").is_empty());
    }
}

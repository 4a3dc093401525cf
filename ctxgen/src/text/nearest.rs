//! The nearest existing names to one that does not exist.

use crate::sorted::sorted_by;

/// How many names an error offers.
const OFFERED: usize = 3;
/// How alike (0 to 1) two names have to be to be offered.
const ALIKE: f64 = 0.75;

/// How many pairs of characters are looked at in all, after which no more names are compared. All functions of
/// a kernel take less than half.
const MOST_PAIRS: usize = 1 << 26;

/// The most similar of `names`, most similar first, equals by name.
pub(crate) fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut left = MOST_PAIRS;
    let scored: Vec<(f64, &str)> = names
        .map(|name| (similarity(wanted, name, &mut left), name))
        .filter(|(score, name)| *score >= ALIKE || is_slip(wanted, name))
        .collect();
    let mut scored = sorted_by(scored, |a, b| {
        b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1))
    });
    scored.dedup_by(|a, b| a.1 == b.1);
    scored
        .into_iter()
        .take(OFFERED)
        .map(|(_, name)| name.to_owned())
        .collect()
}

/// Whether a short name is another one but for one slip: of three letters, that is a third of them.
fn is_slip(wanted: &str, name: &str) -> bool {
    let is_short = |text: &str| matches!(text.len(), 3 | 4);
    is_short(wanted) && is_short(name) && strsim::damerau_levenshtein(wanted, name) == 1
}

fn similarity(wanted: &str, name: &str, left: &mut usize) -> f64 {
    // The measure below looks at every pair of characters; lengths far apart need no look.
    if wanted.len() > 2 * name.len() || name.len() > 2 * wanted.len() {
        return 0.0;
    }
    let longer = wanted.len().max(name.len());
    if wanted.is_ascii() && name.is_ascii() {
        let most = similar_at(letters_apart(wanted, name), longer);
        if most < ALIKE {
            return most;
        }
    }
    let pairs = wanted.len().saturating_mul(name.len());
    let Some(rest) = left.checked_sub(pairs) else {
        return 0.0;
    };
    *left = rest;
    strsim::normalized_damerau_levenshtein(wanted, name)
}

#[expect(clippy::cast_precision_loss, reason = "names are short")]
fn similar_at(edits: usize, longer: usize) -> f64 {
    1.0 - edits as f64 / longer as f64
}

/// The fewest edits that two ASCII names can be apart, by what letters they are made of: an edit adds
/// one, takes one away, exchanges one, or swaps two, which leaves the letters as they are.
///
/// Most names are told apart by this, in linear time.
fn letters_apart(a: &str, b: &str) -> usize {
    let mut surplus = [0_isize; 128];
    a.bytes()
        .for_each(|letter| surplus[usize::from(letter)] += 1);
    b.bytes()
        .for_each(|letter| surplus[usize::from(letter)] -= 1);
    let of = |sign: isize| -> isize { surplus.iter().map(|count| (count * sign).max(0)).sum() };
    of(1).max(of(-1)).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quick look never says more than the measure itself.
    #[test]
    fn letters_are_a_lower_bound() {
        let names = [
            "vfs_read",
            "vfs_raed",
            "vfs_write",
            "vfs_readv",
            "sched_switch",
            "switch_sched",
            "a",
            "do_unlinkat",
            "unlink",
            "inode_unlink",
            "aaaa",
            "abab",
        ];
        for a in names {
            for b in names {
                let edits = strsim::damerau_levenshtein(a, b);
                assert!(letters_apart(a, b) <= edits, "{a}, {b}");
                let whole = strsim::normalized_damerau_levenshtein(a, b);
                let quick = similarity(a, b, &mut { MOST_PAIRS });
                assert_eq!(quick >= ALIKE, whole >= ALIKE, "{a}, {b}");
            }
        }
    }

    #[test]
    fn the_most_similar_come_first() {
        let names = ["file_mprotect", "file_open", "file_mprotect2", "mmap_file"];
        assert_eq!(
            nearest("file_mprotec", names.into_iter()),
            ["file_mprotect", "file_mprotect2"]
        );
        assert!(nearest("zzz", names.into_iter()).is_empty());
        assert_eq!(nearest("lms", ["lsm", "xdp", "tc"].into_iter()), ["lsm"]);
        assert!(nearest("tp", ["tc"].into_iter()).is_empty());
    }
}

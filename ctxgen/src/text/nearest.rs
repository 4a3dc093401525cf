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
        .filter(|(score, _)| *score >= ALIKE)
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

fn similarity(wanted: &str, name: &str, left: &mut usize) -> f64 {
    // The measure below looks at every pair of characters; lengths far apart need no look.
    if wanted.len() > 2 * name.len() || name.len() > 2 * wanted.len() {
        return 0.0;
    }
    let pairs = wanted.len().saturating_mul(name.len());
    let Some(rest) = left.checked_sub(pairs) else {
        return 0.0;
    };
    *left = rest;
    strsim::normalized_damerau_levenshtein(wanted, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_come_first() {
        let names = ["file_mprotect", "file_open", "file_mprotect2", "mmap_file"];
        assert_eq!(
            nearest("file_mprotec", names.into_iter()),
            ["file_mprotect", "file_mprotect2"]
        );
        assert!(nearest("zzz", names.into_iter()).is_empty());
    }
}

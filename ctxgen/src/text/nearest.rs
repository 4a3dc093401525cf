//! The nearest existing names to one that does not exist.

use crate::sorted::sorted_by;

/// How many names an error offers.
const OFFERED: usize = 3;
/// How alike (0 to 1) two names have to be to be offered.
const ALIKE: f64 = 0.75;

/// The most similar of `names`, most similar first, equals by name.
pub(crate) fn nearest<'n>(wanted: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let scored: Vec<(f64, &str)> = names
        .map(|name| (similarity(wanted, name), name))
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

fn similarity(wanted: &str, name: &str) -> f64 {
    // The measure below looks at every pair of characters; lengths far apart need no look.
    if wanted.len() > 2 * name.len() || name.len() > 2 * wanted.len() {
        return 0.0;
    }
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
        assert_eq!(nearest("lms", ["lsm", "xdp", "tc"].into_iter()), ["lsm"]);
        assert!(nearest("tp", ["tc"].into_iter()).is_empty());
    }
}

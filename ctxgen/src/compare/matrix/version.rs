//! The order of kernels: by the versions in their names.

use std::cmp::Ordering;

/// Whether a kernel's name has a version by which it can be sorted.
pub fn has_version(name: &str) -> bool {
    Version::of(name).is_some()
}

/// A kernel's version, as its name has it.
///
/// It orders as kernels do: by number, a release candidate before its release, and what a distribution
/// adds behind that by its own numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// The numbers, with their points: `6.12.107`.
    pub(super) text: String,
    numbers: Vec<u64>,
    /// The number of a release candidate.
    candidate: Option<u64>,
    /// What stands behind it in the name, by digits and others.
    rest: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Text(String),
    Number(u64),
}

impl Version {
    /// The first in a name that has at least two numbers: `6.12-rc3` of `vmlinux-6.12-rc3`.
    pub(super) fn of(name: &str) -> Option<Self> {
        let is_start = |at: usize| {
            let before = name[..at].chars().next_back();
            !before.is_some_and(|c| c.is_ascii_digit() || c == '.')
        };
        let mut starts = name.match_indices(|c: char| c.is_ascii_digit());
        let text = starts.find_map(|(at, _)| {
            let text = numbers(&name[at..]);
            (is_start(at) && text.contains('.')).then_some((at, text))
        });
        let (at, text) = text?;
        let rest = &name[at + text.len()..];
        let candidate = rest.strip_prefix("-rc").map(|rest| {
            let len = rest.bytes().take_while(u8::is_ascii_digit).count();
            rest[..len].parse().unwrap_or(0)
        });
        let mut numbers: Vec<u64> = text.split('.').map(number).collect();
        // `6.0` and `6.0.0` are one.
        while numbers.len() > 2 && numbers.last() == Some(&0) {
            numbers.pop();
        }
        Some(Self {
            text: text.to_owned(),
            numbers,
            candidate,
            rest: parts(rest),
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        // No candidate is behind all of them.
        let candidate = |of: &Self| of.candidate.unwrap_or(u64::MAX);
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| candidate(self).cmp(&candidate(other)))
            .then_with(|| self.rest.cmp(&other.rest))
            .then_with(|| self.text.cmp(&other.text))
    }
}

/// The numbers with points between them that a text starts with.
fn numbers(text: &str) -> &str {
    let is_of = |c: char| c.is_ascii_digit() || c == '.';
    let len = text.find(|c| !is_of(c)).unwrap_or(text.len());
    let text = text[..len].trim_end_matches('.');
    text.find("..").map_or(text, |end| &text[..end])
}

fn number(digits: &str) -> u64 {
    digits.parse().unwrap_or(u64::MAX)
}

fn parts(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_digit = first.is_ascii_digit();
        let len = rest
            .find(|c: char| c.is_ascii_digit() != is_digit)
            .unwrap_or(rest.len());
        let (part, behind) = rest.split_at(len);
        parts.push(match is_digit {
            true => Part::Number(number(part)),
            false => Part::Text(part.to_owned()),
        });
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_names() {
        for (name, text) in [
            ("6.12.107-amd64-cloud", Some("6.12.107")),
            ("vmlinux-6.12-rc3", Some("6.12")),
            ("5.4.0-26-generic", Some("5.4.0")),
            ("ubuntu/20.04/x86_64/5.4.0-26", Some("20.04")),
            ("kernel-4.18.0-305.el8.x86_64", Some("4.18.0")),
            ("el8-5.14", Some("5.14")),
            ("vmlinux", None),
            ("x86_64", None),
            ("6..1", None),
            (
                "99999999999999999999999.1",
                Some("99999999999999999999999.1"),
            ),
            ("", None),
        ] {
            let version = Version::of(name);
            assert_eq!(version.as_ref().map(|of| &*of.text), text, "{name}");
        }
    }

    #[test]
    fn in_their_order() {
        let sorted = [
            "4.18.0-80.el8",
            "4.18.0-305.el8",
            "5.4.0-26-generic",
            "5.4.0-100-generic",
            "5.10.223",
            "6.1",
            "6.1.192-amd64",
            "6.12-rc2",
            "6.12-rc10",
            "6.12.0",
            "6.12.107",
            "7.2.13",
        ];
        let versions = sorted.map(|name| Version::of(name).unwrap());
        assert!(versions.is_sorted(), "{versions:?}");
        assert!(versions.windows(2).all(|pair| pair[0] != pair[1]));
    }
}

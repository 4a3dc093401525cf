//! What the argument parsers of all subcommands share.

use std::ffi::OsString;

use lexopt::Arg;
use lexopt::Parser;

use crate::commands::Subcommand;
use crate::error::Error;

/// The nearest of `candidates` to `given`, if one is near enough to have been meant.
pub(crate) fn nearest<'c>(
    given: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (distance(given, candidate), candidate))
        // A third of the letters wrong is a slip of the hand; more is another word.
        .filter(|(distance, candidate)| *distance <= candidate.len().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters have to be added, dropped, replaced or swapped with their neighbour to get from
/// one word to the other.
fn distance(left: &str, right: &str) -> usize {
    let left = left.chars().collect::<Vec<_>>();
    let right = right.chars().collect::<Vec<_>>();
    let mut before_last = Vec::new();
    let mut last = (0..=right.len()).collect::<Vec<_>>();
    for (i, l) in left.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, r) in right.iter().enumerate() {
            let mut best = (last[j] + usize::from(l != r))
                .min(last[j + 1] + 1)
                .min(row[j] + 1);
            if i > 0 && j > 0 && left[i - 1] == *r && *l == right[j - 1] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = last;
        last = row;
    }
    last[right.len()]
}

/// The error for an argument that the subcommand has no use for.
pub(crate) fn unknown(subcommand: &Subcommand, arg: &Arg<'_>) -> Error {
    let given = match arg {
        Arg::Value(value) => {
            return Error::UnexpectedArgument {
                subcommand: subcommand.name,
                given: value.to_string_lossy().into_owned(),
            };
        }
        Arg::Long(name) => format!("--{name}"),
        Arg::Short(letter) => format!("-{letter}"),
    };
    let known = subcommand.option_names();
    Error::UnknownOption {
        subcommand: subcommand.name,
        nearest: nearest(&given, known.iter().copied()).map(str::to_owned),
        known: known.join(", "),
        given,
    }
}

/// Everything after a `--`, if that is what comes next.
///
/// It has to be asked before each argument: the parser itself treats `--` as if it were not there,
/// and what stands before it would be mixed up with what stands after it.
pub(crate) fn after_dashes(parser: &mut Parser) -> Option<Vec<OsString>> {
    let mut raw = parser.try_raw_args()?;
    raw.next_if(|argument| argument == "--")?;
    Some(raw.collect())
}

/// The parser's own complaints, as ours.
pub(crate) fn invalid(subcommand: &Subcommand, error: &lexopt::Error) -> Error {
    Error::Arguments {
        subcommand: subcommand.name,
        complaint: error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        assert_eq!(distance("", ""), 0);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("--btf", "--btf"), 0);
        assert_eq!(distance("--bft", "--btf"), 1);
        assert_eq!(distance("--setpu", "--setup"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn nearest_is_near() {
        let options = ["--btf", "--run", "--setup", "--no-load"];
        assert_eq!(nearest("--set-up", options), Some("--setup"));
        assert_eq!(nearest("--noload", options), Some("--no-load"));
        assert_eq!(nearest("--bft", options), Some("--btf"));
        assert_eq!(nearest("--frobnicate", options), None);
        assert_eq!(nearest("", options), None);
        assert_eq!(nearest("--btf", []), None);
    }

    #[test]
    fn dashes_end_the_options() {
        let mut parser = Parser::from_args(["one", "--", "--two", "--"]);
        assert_eq!(after_dashes(&mut parser), None);
        assert_eq!(parser.next().unwrap(), Some(Arg::Value("one".into())));
        let rest = after_dashes(&mut parser).unwrap();
        assert_eq!(rest, ["--two", "--"]);
        assert_eq!(parser.next().unwrap(), None);
    }
}

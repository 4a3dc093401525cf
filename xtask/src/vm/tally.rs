//! Counting answers.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;

use crate::vm::Error;
use ctxgen_judge::Answer;
use ctxgen_judge::Load;
use ctxgen_judge::Verdict;

/// The programs of one family, and their loads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    accepted: u64,
    refused: u64,
    loads_accepted: u64,
    loads_refused: u64,
    loads_unknown: u64,
}

/// How many answers of each kind there are.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// By the part of the id before its slash.
    families: BTreeMap<String, Counts>,
    troubles: Vec<String>,
}

impl Tally {
    /// Of the answers in a file.
    pub(crate) fn of_file(path: &Path) -> Result<Self, Error> {
        let unreadable = || Error::file("read", path);
        let mut tally = Self::default();
        for line in BufReader::new(File::open(path).map_err(unreadable())?).lines() {
            tally.count(&line.map_err(unreadable())?);
        }
        Ok(tally)
    }

    fn count(&mut self, line: &str) {
        let (id, accepted, loads) = match Answer::parse(line) {
            Some(Answer::Program {
                id, result, loads, ..
            }) => (id, result == Verdict::Accepted, loads),
            Some(Answer::Event { id, found }) => match found {
                Some(event) => (id, event.result == Verdict::Accepted, event.loads),
                None => (id, false, Vec::new()),
            },
            Some(Answer::Noticed { id, result }) => (id, result.is_ok(), Vec::new()),
            Some(Answer::Value { id, result }) => (id, result.is_ok(), Vec::new()),
            Some(Answer::Exit { id, how }) => (id, how == "0", Vec::new()),
            Some(Answer::Trouble { id, text }) => {
                self.troubles.push(format!("{id}: {text}"));
                return;
            }
            Some(Answer::Kernel { .. } | Answer::Output { .. } | Answer::Last { .. }) => return,
            None => {
                self.troubles.push(format!("no answer: {line:?}"));
                return;
            }
        };
        let family = id.split('/').next().unwrap_or(id);
        let counts = self.families.entry(family.to_owned()).or_default();
        if accepted {
            counts.accepted += 1;
        } else {
            counts.refused += 1;
        }
        for load in loads {
            match load {
                Load::Accepted { .. } => counts.loads_accepted += 1,
                Load::Refused { .. } => counts.loads_refused += 1,
                Load::Unknown => counts.loads_unknown += 1,
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (family, counts) in &self.families {
            let Counts {
                accepted,
                refused,
                loads_accepted,
                loads_refused,
                loads_unknown,
            } = counts;
            writeln!(
                f,
                "  {family}: {accepted} accepted, {refused} refused; of their loads \
                 {loads_accepted} accepted, {loads_refused} refused, {loads_unknown} not reached"
            )?;
        }
        for trouble in &self.troubles {
            writeln!(f, "  {trouble}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_counted_apart() {
        let mut tally = Tally::default();
        for line in [
            "k\trelease\t6.12",
            "p\tlsm/a\tok\t\tscalar\tptr_file#7\t!no",
            "p\tlsm/b\tEINVAL\tdisabled\t?\t?",
            "v\tvalue/s8\tok\t\t00000000000000ff",
            "!\tx\tno good",
            "nonsense",
        ] {
            tally.count(line);
        }
        assert_eq!(
            tally.to_string(),
            "  lsm: 1 accepted, 1 refused; of their loads 2 accepted, 1 refused, 2 not reached\n  \
             value: 1 accepted, 0 refused; of their loads 0 accepted, 0 refused, 0 not reached\n  \
             x: no good\n  no answer: \"nonsense\"\n"
        );
    }
}

//! Values that programs report, held against what is said of their arguments.

use std::fmt;

use ctxgen::reads::Answer;
use ctxgen::reads::Judged;
use ctxgen::reads::JudgedRead;
use ctxgen::reads::Verdict;

/// What is said of the programs of `tests/field/drift.bpf.c` on a kernel, and what they reported there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// Arguments that were right, as said.
    pub right: usize,
    /// Arguments that were another value, as said.
    pub wrong: usize,
    /// Programs that were refused, as said.
    pub refused: usize,
    /// Of which nothing is said.
    pub unknown: usize,
    /// What was otherwise than said, or not seen at all.
    pub otherwise: Vec<String>,
}

impl Values {
    /// Holds the lines of `vm-families --drift` against what is said.
    pub fn of(judged: &[Judged], lines: &str) -> Self {
        let mut values = Self::default();
        for line in lines.lines() {
            let mut words = line.splitn(4, ' ');
            let (Some(program), Some(argument), Some(how)) =
                (words.next(), words.next(), words.next())
            else {
                values.otherwise.push(line.to_owned());
                continue;
            };
            let judged = judged.iter().find(|judged| judged.program == program);
            let counted = judged.and_then(|judged| values.counted(judged, argument, how));
            match counted {
                Some(count) => *count += 1,
                None => values.otherwise.push(line.to_owned()),
            }
        }
        values
    }

    /// What counts a line, where it is as said.
    fn counted(&mut self, judged: &Judged, argument: &str, how: &str) -> Option<&mut usize> {
        let is_refused = matches!(judged.answer, Answer::DoesNotLoad | Answer::DoesNotAttach);
        if how == "refused" {
            return is_refused.then_some(&mut self.refused);
        }
        let read = judged.reads.iter().find(|read| is_of(read, argument))?;
        match (&read.verdict, how) {
            (Verdict::NotKnown { .. }, _) => Some(&mut self.unknown),
            (Verdict::Same, "right") if !is_refused => Some(&mut self.right),
            (verdict, "wrong") if verdict.is_wrong() && !is_refused => Some(&mut self.wrong),
            _ => None,
        }
    }
}

/// Whether a read is meant to be of an argument.
fn is_of(read: &JudgedRead, argument: &str) -> bool {
    let Some(meant) = &read.meant else {
        return false;
    };
    match argument {
        "ret" => meant.is_returned,
        _ => meant.name.as_deref() == Some(argument),
    }
}

impl fmt::Display for Values {
    /// A row of a table in Markdown, without its first cell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            right,
            wrong,
            refused,
            unknown,
            otherwise,
        } = self;
        let otherwise = otherwise.len();
        write!(
            f,
            "{right} | {wrong} | {refused} | {unknown} | {otherwise} |"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_is_said_of_is_otherwise() {
        let values = Values::of(
            &[],
            "unlink_dir dir right 0x1, where 0x1 is right\nnonsense\n",
        );
        assert_eq!(values.otherwise.len(), 2);
    }
}

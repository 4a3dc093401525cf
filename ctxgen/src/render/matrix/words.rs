//! What statuses are called and how they look, and how loud a finding is.

use crate::matrix::Finding;
use crate::matrix::Status;

/// How a status is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// A sign that tells it from the others without colour.
    pub(super) sign: &'static str,
    /// One or two words.
    pub(super) word: &'static str,
    /// What it means, in a sentence without full stop.
    pub(super) meaning: &'static str,
}

/// How a status is shown.
pub(super) fn look(status: Status) -> Look {
    let (sign, word, meaning) = match status {
        Status::Wrong => (
            "✖",
            "wrong value",
            "The program loads, and reads something else than it means to",
        ),
        Status::DoesNotLoad => (
            "▲",
            "does not load",
            "The kernel refuses the program when it is loaded",
        ),
        Status::Absent => (
            "∅",
            "absent",
            "The program cannot attach: the hook is absent, or takes no programs",
        ),
        Status::NotKnown => ("?", "not known", "It cannot be told"),
        Status::Depends => (
            "◐",
            "depends",
            "It would be wrong; whether it is read is decided when the program is loaded",
        ),
        Status::Guarded => (
            "◇",
            "guarded",
            "It would be wrong, and the program asks before and leaves it out, or is optional",
        ),
        Status::Unread => (
            "○",
            "not read",
            "The kernel has another argument there, and the program does not read it",
        ),
        Status::Same => ("✓", "same", "It is what is meant"),
        Status::Skipped => (
            "–",
            "no answer",
            "The program does not get as far as this; another row says why",
        ),
    };
    Look {
        sign,
        word,
        meaning,
    }
}

/// Whether the program works on the kernel, though it may be worth a look.
pub(super) fn is_well(status: Status) -> bool {
    status <= Status::Guarded
}

/// How loud a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// It makes the command fail.
    Error,
    /// It is a fault, and does not count: it is in the baseline, or below what counts.
    Warning,
    /// It is open how it ends, or the program has seen to it.
    Note,
}

impl Level {
    /// Of a finding.
    pub(super) fn of(finding: &Finding) -> Self {
        match finding.fails {
            true => Self::Error,
            false => Self::unless_failing(finding.status),
        }
    }

    /// Of a finding with this status that does not make the command fail.
    fn unless_failing(status: Status) -> Self {
        match status.is_open() || is_well(status) {
            true => Self::Note,
            false => Self::Warning,
        }
    }

    /// Of a status, where nothing says otherwise.
    pub(super) fn usual(status: Status) -> Self {
        match status {
            Status::Wrong | Status::DoesNotLoad => Self::Error,
            status => Self::unless_failing(status),
        }
    }
}

/// So many of those.
pub(super) fn counted(count: usize, of: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {of}{s}")
}

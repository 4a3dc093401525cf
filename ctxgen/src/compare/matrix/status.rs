//! The statuses of a cell, and their order.

use std::fmt;

/// What a row says of one kernel, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Status {
    /// Nothing to say: the program does not get as far as this on the kernel. Another row of the program
    /// says why.
    Skipped,
    /// It is what is meant, or it is there.
    Same,
    /// The author declares an argument that the kernel has otherwise, and the program does not read it.
    Unread,
    /// It would be wrong, or is not there, and the program asks before and leaves it out on this kernel, or
    /// is optional.
    Guarded,
    /// It would be wrong, and whether it is read is decided by something that is known only when the
    /// program is loaded.
    Depends,
    /// It cannot be told.
    NotKnown,
    /// The program cannot attach: the hook is absent, or takes no programs.
    Absent,
    /// The program is refused when it is loaded.
    DoesNotLoad,
    /// The program loads, and reads something else than it means to.
    Wrong,
}

impl Status {
    /// All of them, from the worst to the best.
    pub const WORST_FIRST: [Self; 9] = [
        Self::Wrong,
        Self::DoesNotLoad,
        Self::Absent,
        Self::NotKnown,
        Self::Depends,
        Self::Guarded,
        Self::Unread,
        Self::Same,
        Self::Skipped,
    ];

    /// As it is written in JSON, in classes of HTML and in names of rules: `does_not_load`.
    pub fn id(self) -> &'static str {
        self.words().0
    }

    /// Whether there is nothing to look at.
    pub fn is_fine(self) -> bool {
        self <= Self::Unread
    }

    /// Whether it is open how it ends on the kernel.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NotKnown | Self::Depends)
    }

    /// Its name in JSON, and its name for people.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Skipped => ("skipped", "-"),
            Self::Same => ("same", "same"),
            Self::Unread => ("unread", "not read"),
            Self::Guarded => ("guarded", "guarded"),
            Self::Depends => ("depends", "depends"),
            Self::NotKnown => ("not_known", "NOT KNOWN"),
            Self::Absent => ("absent", "does not attach"),
            Self::DoesNotLoad => ("does_not_load", "DOES NOT LOAD"),
            Self::Wrong => ("wrong", "WRONG VALUE"),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words().1)
    }
}

//! What is said of a program on one kernel, before kernels are put side by side.

use super::Cell;
use super::Place;
use super::SourceLine;
use super::Status;
use super::Subject;

/// Tells which entries of several kernels are one row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    /// The program's read of that number, which is the same on all kernels.
    Read(usize),
    /// What is declared and not read, by where it is.
    Declared(Place),
    /// Anything else, by what it is about.
    Other(Subject),
}

/// One thing that is said of a program on a kernel.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) subject: Subject,
    pub(super) what: String,
    pub(super) line: Option<SourceLine>,
    pub(super) cell: Cell,
    /// Whether the program is for another architecture than the kernel, so that the kernel has no right name
    /// for where it reads.
    pub(super) is_foreign: bool,
}

/// A program on a kernel.
#[derive(Debug)]
pub(super) struct OnKernel {
    pub(super) entries: Vec<Entry>,
    /// What its hooks pass.
    pub(super) prototype: Option<String>,
    /// Whether its contexts are held against those of the kernel: its hook is there, and the program is for
    /// this architecture.
    pub(super) is_attached: bool,
    /// Whether the program is for this architecture and byte order.
    pub(super) is_examined: bool,
}

impl Entry {
    /// One that is told by what it is about.
    pub(super) fn of(subject: Subject, status: Status, sentence: String) -> Self {
        Self {
            key: Key::Other(subject.clone()),
            what: what(&subject),
            subject,
            line: None,
            cell: Cell::new(status, sentence),
            is_foreign: false,
        }
    }
}

impl Cell {
    pub(super) fn new(status: Status, sentence: String) -> Self {
        Self {
            status,
            sentence,
            found: None,
            moved_to: None,
        }
    }
}

/// What a row is about, in a few words.
pub(super) fn what(subject: &Subject) -> String {
    let named = |name: &Option<String>, place: &Place| match (name, place) {
        (Some(name), Place::Unknown) => name.clone(),
        (Some(name), place) => format!("{name} ({place})"),
        (None, place) => place.to_string(),
    };
    match subject {
        Subject::Read { name, place, .. } => named(name, place),
        Subject::Declared { name, place, .. } => format!("{}, not read", named(name, place)),
        Subject::Argument { name } | Subject::KernelFunction { name } => name.clone(),
        Subject::Needed { what } => what.clone(),
        Subject::Hook { hook } => hook.clone(),
        Subject::Field { what } => what.clone(),
        Subject::Program => "the program".to_owned(),
    }
}

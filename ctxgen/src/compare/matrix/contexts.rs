//! What is said of programs that take a context struct of ctxgen's.

use super::Place;
use super::Status;
use super::Subject;
use super::Value;
use super::entry::Entry;
use crate::compare::check::Checked;
use crate::compare::check::Note;
use crate::compare::check::Verdict;
use crate::compare::drift;
use crate::compare::drift::Change;
use crate::compare::reads::Judged;
use crate::compare::reads::JudgedRead;
use crate::compare::reads::Reason;
use crate::compare::reads::Unknown;

/// What holding a context struct against a kernel says. Lines of the source are of the reads that
/// were found of it.
pub(super) fn entries(checked: &Checked, judged: &Judged) -> Vec<Entry> {
    let whole = |status| Entry::of(Subject::Program, status, checked.verdict.to_string());
    let mut entries = match &checked.verdict {
        Verdict::Agrees | Verdict::Relocatable => Vec::new(),
        Verdict::Unread => vec![whole(Status::Unread)],
        Verdict::NotChecked(_) => vec![whole(Status::NotKnown)],
        Verdict::WrongStruct { .. } => vec![whole(Status::Wrong)],
        Verdict::Refused(_) => vec![whole(Status::DoesNotLoad)],
        Verdict::Differs(changes) => of_changes(changes, Status::Wrong),
        Verdict::Lacks(changes) => of_changes(changes, Status::DoesNotLoad),
        Verdict::Absent(why) => vec![absent(checked, judged, why)],
    };
    for note in &checked.notes {
        let (change, status) = match note {
            Note::Guarded(change) => (change, Status::Guarded),
            Note::Depends { change, .. } => (change, Status::Depends),
            Note::Renamed { .. } => continue,
        };
        let mut of_note = of_changes(std::slice::from_ref(change), status);
        if let Note::Depends { .. } = note {
            of_note
                .iter_mut()
                .for_each(|entry| entry.cell.sentence = note.to_string());
        }
        entries.extend(of_note);
    }
    for entry in &mut entries {
        let Subject::Argument { name } = &entry.subject else {
            continue;
        };
        // Of a fixed struct, all that differs is told.
        match read(judged, name) {
            Some(read) => entry.line.clone_from(&read.line),
            None if entry.cell.status == Status::Wrong && is_told(judged) => {
                entry.cell.status = Status::Unread;
            }
            None => {}
        }
    }
    entries
}

/// The read of a field of the context.
fn read<'j>(judged: &'j Judged, field: &str) -> Option<&'j JudgedRead> {
    let is_it = |meant: &Value| meant.name.as_deref() == Some(field);
    let mut reads = judged.reads.iter();
    reads.find(|read| read.meant.as_ref().is_some_and(is_it))
}

/// Whether nothing else is read than is listed.
fn is_told(judged: &Judged) -> bool {
    let is_whole = |reason: &Reason| {
        let why = Unknown::NotFollowed;
        *reason != Reason::NotKnown { why }
    };
    let is_placed = |read: &JudgedRead| read.meant.is_some() && read.place != Place::Unknown;
    judged.reasons.iter().all(is_whole) && judged.reads.iter().all(is_placed)
}

fn absent(checked: &Checked, judged: &Judged, why: &str) -> Entry {
    let hook = judged.hooks.first().unwrap_or(&checked.section).clone();
    let (status, sentence) = match checked.section.starts_with('?') {
        true => (
            Status::Guarded,
            format!("{why}; the program is optional (?)"),
        ),
        false => (Status::Absent, why.to_owned()),
    };
    Entry::of(Subject::Hook { hook }, status, sentence)
}

/// An entry for each argument that is not as the object has it.
fn of_changes(changes: &[Change], status: Status) -> Vec<Entry> {
    let mut entries = Vec::new();
    for change in changes.iter().filter(|change| !change.is_harmless()) {
        let sentence = change.to_string();
        match change {
            Change::Moved(moves) => {
                entries.extend(moves.iter().map(|of| moved(of, status)));
            }
            Change::Removed { declaration, .. } => {
                entries.push(argument(declared_name(declaration), status, sentence));
            }
            Change::Retyped { name, .. } => entries.push(argument(name, status, sentence)),
            _ => entries.push(Entry::of(Subject::Program, status, sentence)),
        }
    }
    entries
}

fn moved(of: &drift::Move, status: Status) -> Entry {
    let sentence = format!("moved: is in {}, and is read in {}", of.to, of.from);
    let mut entry = argument(&of.name, status, sentence);
    entry.cell.moved_to = Some(match of.to {
        drift::Place::Slot(number) => Place::Slot(number),
        drift::Place::Byte(number) => Place::Byte(number),
    });
    entry
}

fn argument(name: &str, status: Status, sentence: String) -> Entry {
    let name = name.to_owned();
    Entry::of(Subject::Argument { name }, status, sentence)
}

/// The name that a declaration in C declares: the last word, or that behind the first `(*`.
fn declared_name(declaration: &str) -> &str {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let inner = match declaration.split_once("(*") {
        Some((_, inner)) => inner.split(|c| !is_word(c)).next(),
        None => {
            let plain = declaration.split('[').next().unwrap_or_default();
            plain.trim_end().rsplit(|c| !is_word(c)).next()
        }
    };
    inner.filter(|name| !name.is_empty()).unwrap_or(declaration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_declarations() {
        for (declaration, name) in [
            ("unsigned int prev_state", "prev_state"),
            ("struct inode **delegated_inode", "delegated_inode"),
            ("char comm[16]", "comm"),
            ("int (*filler)(void *, struct folio *)", "filler"),
            ("", ""),
        ] {
            assert_eq!(declared_name(declaration), name);
        }
    }
}

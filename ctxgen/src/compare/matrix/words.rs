//! Sentences of cells.

use super::Status;
use super::Value;
use crate::compare::reads::Answer;
use crate::compare::reads::JudgedRead;
use crate::compare::reads::Reason;
use crate::compare::reads::Remark;
use crate::compare::reads::Verdict;

/// The status of a read, and of what is declared and not read.
pub(super) fn status(read: &JudgedRead, answer: Answer) -> Status {
    match &read.verdict {
        _ if read.read.is_none() => Status::Unread,
        _ if read.remarks.contains(&Remark::Refused) => Status::DoesNotLoad,
        Verdict::Same => Status::Same,
        Verdict::Guarded {
            is_answered: true, ..
        } => Status::Guarded,
        Verdict::Guarded { .. } => Status::Depends,
        Verdict::NotKnown { .. } => Status::NotKnown,
        // What is refused reports nothing.
        Verdict::Moved { .. } | Verdict::OtherType | Verdict::AnotherValue | Verdict::Gone => {
            match answer {
                Answer::DoesNotLoad => Status::DoesNotLoad,
                _ => Status::Wrong,
            }
        }
    }
}

/// What a kernel makes of a read.
pub(super) fn of_read(read: &JudgedRead) -> String {
    let remarks: Vec<String> = read.remarks.iter().map(ToString::to_string).collect();
    let mut parts = match &read.verdict {
        Verdict::Same => Vec::new(),
        verdict => vec![of_verdict(verdict, read)],
    };
    if let (None, [part]) = (read.read, &mut parts[..]) {
        part.insert_str(0, "if it were read: ");
    }
    // That a name is another says nothing where the value is.
    let is_worth = |remark: &&Remark| read.verdict == Verdict::Same || **remark == Remark::Refused;
    let worth = read
        .remarks
        .iter()
        .zip(remarks)
        .filter(|(remark, _)| is_worth(remark));
    parts.extend(worth.map(|(_, text)| text));
    parts.join("; ")
}

/// What a kernel makes of something else, which the row has the name of.
pub(super) fn of_reason(reason: &Reason) -> String {
    match reason {
        Reason::HookAbsent {
            is_certain: false, ..
        } => "the kernel does not have it, as far as its BTF tells".to_owned(),
        Reason::HookAbsent { .. }
        | Reason::Unrelocated { .. }
        | Reason::Lacks { .. }
        | Reason::NoKernelFunction { .. } => "the kernel does not have it".to_owned(),
        Reason::OtherPrototype { .. } => "the kernel has it with another prototype".to_owned(),
        Reason::CannotAttach { why, .. } => why.clone(),
        reason => reason.to_string(),
    }
}

fn of_verdict(verdict: &Verdict, read: &JudgedRead) -> String {
    let found = read.found.as_ref().map(ToString::to_string);
    let found = found.unwrap_or_else(|| "nothing".to_owned());
    let meant = read.meant.as_ref();
    match verdict {
        Verdict::Moved { to } => {
            format!("the kernel has {found} there; {} is in {to}", called(meant))
        }
        Verdict::AnotherValue => match meant {
            Some(meant) => format!("the kernel has {found} there, not {meant}"),
            None => format!("the kernel has {found} there, not what is meant"),
        },
        Verdict::OtherType => match meant {
            Some(meant) => format!("the kernel has {found} there, read as {}", meant.r#type),
            None => format!("the kernel has {found} there, used as another type"),
        },
        Verdict::Gone => format!("the kernel does not have {} there", called(meant)),
        Verdict::NotKnown { why } => why.to_string(),
        verdict => verdict.to_string(),
    }
}

/// What is meant, by its name.
fn called(meant: Option<&Value>) -> String {
    match meant.map(|meant| (&meant.name, meant.is_returned)) {
        Some((_, true)) => "the returned value".to_owned(),
        Some((Some(name), false)) => name.clone(),
        Some((None, false)) | None => "what is meant".to_owned(),
    }
}

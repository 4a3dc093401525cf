//! What becomes of a program, in one word.

use std::collections::BTreeSet;

use super::Answer;
use super::JudgedRead;
use super::Reason;
use super::Remark;

/// The one word.
pub(super) fn answer(reasons: &BTreeSet<Reason>, reads: &[JudgedRead]) -> Answer {
    let of_reason = |reason: &Reason| match reason {
        Reason::Reads => {
            // What is refused reports nothing.
            match reads
                .iter()
                .any(|read| read.remarks.contains(&Remark::Refused))
            {
                true => Answer::DoesNotLoad,
                false => Answer::ReadsWrong,
            }
        }
        Reason::HookAbsent {
            is_certain: false, ..
        } => Answer::Unknown,
        Reason::HookAbsent { .. } | Reason::CannotAttach { .. } => Answer::DoesNotAttach,
        Reason::Unrelocated { .. }
        | Reason::NoKernelFunction { .. }
        | Reason::Lacks { .. }
        | Reason::OtherPrototype { .. } => Answer::DoesNotLoad,
        Reason::NotKnown { .. } => Answer::Unknown,
    };
    let answers: BTreeSet<Answer> = reasons.iter().map(of_reason).collect();
    // A program that is refused does not read anything.
    match answers.contains(&Answer::DoesNotLoad) {
        true => Answer::DoesNotLoad,
        false => answers.into_iter().next_back().unwrap_or(Answer::Works),
    }
}

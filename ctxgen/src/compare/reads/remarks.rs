//! What is worth knowing of a read besides its verdict.

use std::collections::BTreeSet;

use super::Remark;
use super::Verdict;
use super::arguments::Passed;
use super::spot::Here;
use crate::object::meant::Meaning;
use crate::object::reads::Use;

/// What is to be said besides of a verdict.
pub(super) fn remarks(
    passed: &Passed<'_>,
    here: Option<&Here>,
    found: Option<usize>,
    verdict: &Verdict,
    uses: &BTreeSet<Use>,
) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let number = found.and_then(|place| width(&passed.arguments[place].meaning));
    let is_followed = verdict.is_wrong() && number.is_some() && uses.contains(&Use::Followed);
    let is_altered = verdict.is_wrong() && uses.contains(&Use::Altered);
    let is_refused = found.is_some_and(|place| {
        passed.is_refused(place) || is_altered && passed.is_struct_pointer(place)
    });
    if is_refused || passed.is_typed() && (*verdict == Verdict::Gone || is_followed) {
        remarks.push(Remark::Refused);
    }
    let meant = here.and_then(|here| width(&here.meaning));
    if let (Some(meant), Some(kernel), Verdict::Same) = (meant, number, verdict)
        && meant > kernel
    {
        remarks.push(Remark::Wider { kernel });
    }
    remarks
}

fn width(meaning: &Meaning) -> Option<u32> {
    match meaning {
        Meaning::Number { size, .. } => Some(*size),
        _ => None,
    }
}

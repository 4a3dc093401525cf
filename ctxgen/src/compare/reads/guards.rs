//! What a program asks before it reads something.

use std::collections::BTreeSet;

use crate::kernel::KernelBtf;
use crate::object::Flow;
use crate::object::Relocation;
use crate::object::reads;
use crate::object::reads::Guard;
use crate::object::reads::ProgramReads;

use super::Asked;
use super::JudgedRead;
use super::Reason;
use super::Remark;
use super::Unknown;
use super::Verdict;
use super::case::Judge;
use super::core;
use super::core::Finds;
use super::reached;

/// How many branches of a program are tried.
const MAX_GUARDS: usize = 48;
/// How many relocations of a program are named that find nothing.
const MAX_NAMED: usize = 16;

/// What libbpf puts in place of a question, where that is known.
pub(super) fn answer(judge: &Judge<'_>, relocation: &Relocation) -> Option<u32> {
    answer_on(judge, judge.kernel, relocation)
}

fn answer_on(judge: &Judge<'_>, kernel: &KernelBtf, relocation: &Relocation) -> Option<u32> {
    reached::answer(judge.object.object(), kernel, relocation)
}

/// The reads of a program that are made on another kernel, where it asks anything; `None` where all may be.
pub(super) fn left_on(
    judge: &Judge<'_>,
    kernel: &KernelBtf,
    program: &ProgramReads,
) -> Option<BTreeSet<usize>> {
    if program.guards.is_empty() || !judge.may_try() {
        return None;
    }
    let answer = |relocation: &Relocation| answer_on(judge, kernel, relocation);
    judge.object.left(program.program, answer, None)
}

/// Has the verdicts on what would be misread say what the program asks before it reads that.
pub(super) fn apply(
    judge: &Judge<'_>,
    program: &ProgramReads,
    judged: &mut [(JudgedRead, Vec<usize>)],
) {
    let is_doubtful = |read: &JudgedRead| {
        let is_open = matches!(
            read.verdict,
            Verdict::NotKnown {
                why: Unknown::Ambiguous
                    | Unknown::NoSuchStruct(_)
                    | Unknown::NotDeclared
                    | Unknown::GoesOn
            }
        );
        read.verdict.is_wrong() || is_open || read.remarks.contains(&Remark::Refused)
    };
    if program.guards.is_empty() || !judged.iter().any(|(read, _)| is_doubtful(read)) {
        return;
    }
    let left = |closed| {
        judge.object.left(
            program.program,
            |relocation| answer(judge, relocation),
            closed,
        )
    };
    let Some(answered) = left(None) else {
        return;
    };
    let is_left = |numbers: &[usize], left: &BTreeSet<usize>| {
        numbers.iter().any(|number| left.contains(number))
    };
    let mut by_guard: Vec<(&Guard, BTreeSet<usize>)> = Vec::new();
    let open = program.guards.iter().filter(|guard| is_open(judge, guard));
    for guard in open.take(MAX_GUARDS) {
        for way in [false, true] {
            if let Some(left) = left(Some((guard, way))) {
                by_guard.push((guard, left));
            }
        }
    }
    for (read, numbers) in judged {
        if !is_doubtful(read) {
            continue;
        }
        let (by, is_answered) = match is_left(numbers, &answered) {
            false => {
                let asked = program.guards.iter().filter(|guard| !is_open(judge, guard));
                (asked.map(|guard| asks(judge, guard)).collect(), true)
            }
            true => {
                let closes = by_guard
                    .iter()
                    .filter(|(_, left)| !is_left(numbers, left))
                    .map(|(guard, _)| asks(judge, guard));
                (closes.collect::<BTreeSet<Asked>>(), false)
            }
        };
        if !by.is_empty() {
            let instead = std::mem::replace(&mut read.verdict, Verdict::Same);
            let is_kept = |remark: &Remark| !matches!(remark, Remark::Refused | Remark::Address);
            read.remarks.retain(is_kept);
            read.verdict = Verdict::Guarded {
                instead: Box::new(instead),
                by: by.into_iter().collect(),
                is_answered,
            };
        }
    }
}

/// Whether a kernel's BTF does not tell what is asked.
fn is_open(judge: &Judge<'_>, guard: &Guard) -> bool {
    match &guard.asks {
        reads::Asked::Variable(_) => true,
        reads::Asked::Relocation(place) => {
            let relocation = &judge.object.object().relocations()[*place];
            answer(judge, relocation).is_none()
        }
    }
}

fn asks(judge: &Judge<'_>, guard: &Guard) -> Asked {
    match &guard.asks {
        reads::Asked::Variable(name) => Asked::Variable(name.to_string()),
        reads::Asked::Relocation(place) => {
            let object = judge.object.object();
            Asked::Exists(core::named(object, &object.relocations()[*place]))
        }
    }
}

/// What is asked, in one word.
pub(super) fn name(asked: &Asked) -> String {
    match asked {
        Asked::Variable(name) | Asked::Exists(name) => name.clone(),
    }
}

/// What CO-RE does not find of what a program cannot do without, and does not ask for before.
pub(super) fn unrelocated(judge: &Judge<'_>, program: &ProgramReads) -> BTreeSet<Reason> {
    let mut reasons = BTreeSet::new();
    let object = judge.object.object();
    let mut flow = Flow::new(object);
    let Some(all) = flow.relocations_of(program.program) else {
        reasons.insert(Reason::NotKnown {
            why: Unknown::NotFollowed,
        });
        return reasons;
    };
    let lacking: Vec<_> = all
        .into_iter()
        .filter(|(_, number)| {
            let relocation = &object.relocations()[*number];
            relocation.kind.needs_target()
                && core::finds(object, judge.kernel, relocation) == Finds::Nothing
        })
        .collect();
    if lacking.is_empty() {
        return reasons;
    }
    let live = flow.live(program.program, |relocation| answer(judge, relocation));
    for (at, number) in lacking {
        if live.has(at) && reasons.len() < MAX_NAMED {
            let what = core::named(object, &object.relocations()[number]);
            reasons.insert(reason(judge, program, at, what, |what| {
                Reason::Unrelocated { what }
            }));
        }
    }
    reasons
}

/// What an instruction is a reason for that cannot do on the kernel: that, or, where variables keep the program
/// from it, that it depends on these.
pub(super) fn reason(
    judge: &Judge<'_>,
    program: &ProgramReads,
    at: crate::object::Place,
    what: String,
    of: impl FnOnce(String) -> Reason,
) -> Reason {
    let by = closing(judge, program, at);
    match by.is_empty() {
        true => of(what),
        false => Reason::NotKnown {
            why: Unknown::Guard(format!("{what}: {}", by.join(", "))),
        },
    }
}

/// The variables that keep a program from an instruction.
fn closing(judge: &Judge<'_>, program: &ProgramReads, at: crate::object::Place) -> Vec<String> {
    let open = program.guards.iter().filter(|guard| is_open(judge, guard));
    let closes = open.take(MAX_GUARDS).filter(|guard| {
        [false, true].into_iter().any(|way| {
            judge.may_try()
                && judge
                    .object
                    .is_cut_off(program.program, |r| answer(judge, r), (guard, way), at)
        })
    });
    let names: BTreeSet<String> = closes.map(|guard| name(&asks(judge, guard))).collect();
    names.into_iter().collect()
}

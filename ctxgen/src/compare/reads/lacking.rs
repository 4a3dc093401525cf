//! What a program's instructions need that a kernel lacks: helpers, and instructions of later releases.
//!
//! The verifier looks at instructions that it reaches, so what a guard of the program's leaves out counts for
//! nothing.

use std::collections::BTreeSet;

use libbpf_rs::libbpf_sys::BTF_KIND_ENUM;

use super::Reason;
use super::case::Judge;
use super::guards;
use crate::kernel::KernelBtf;
use crate::object::Flow;
use crate::object::Need;
use crate::object::ObjectFile;
use crate::object::Place;
use crate::object::needs;
use crate::object::reads::ProgramReads;

/// How many things are named.
const MAX_NAMED: usize = 8;
/// The enumerator behind the last helper's (`enum bpf_func_id` of `include/uapi/linux/bpf.h`).
const END: &str = "__BPF_FUNC_MAX_ID";

/// What an object's instructions need and a kernel lacks, with their places.
pub(super) fn of_object(object: &ObjectFile, kernel: &KernelBtf) -> Vec<(Place, Need)> {
    let helpers = helpers(kernel);
    let release = kernel.release();
    let is_lacking = |need: &Need| match need {
        Need::Helper(number) => helpers.is_some_and(|helpers| *number >= helpers),
        Need::Since(_, since) => release.is_some_and(|release| release < *since),
    };
    let mut lacking = needs(object);
    lacking.retain(|(_, need)| is_lacking(need));
    lacking
}

/// What the kernel lacks of what a program's instructions need.
pub(super) fn of_program(judge: &Judge<'_>, program: &ProgramReads) -> BTreeSet<Reason> {
    let mut reasons = BTreeSet::new();
    if judge.lacking.is_empty() {
        return reasons;
    }
    let mut flow = Flow::new(judge.object.object());
    let live = flow.live(program.program, |relocation| {
        guards::answer(judge, relocation)
    });
    let mut named = BTreeSet::new();
    for (at, need) in &judge.lacking {
        if !live.certainly_has(*at) || named.len() == MAX_NAMED || !named.insert(need) {
            continue;
        }
        let what = need.to_string();
        reasons.insert(guards::reason(judge, program, *at, what, |what| {
            Reason::Lacks { what }
        }));
    }
    reasons
}

/// How many helpers the kernel numbers; `None` where its BTF does not tell.
fn helpers(kernel: &KernelBtf) -> Option<u32> {
    let helpers = kernel.btf().find(c"bpf_func_id", BTF_KIND_ENUM)?;
    let enumerators = helpers.enumerators();
    let end = enumerators.iter().find(|value| value.name == END)?;
    u32::try_from(end.value).ok()
}

//! What a program's instructions need that a kernel lacks: helpers, and instructions of later releases.
//!
//! The verifier looks at instructions that it reaches, so what a guard of the program's leaves out counts for
//! nothing.

use std::collections::BTreeSet;

use libbpf_rs::libbpf_sys::BTF_KIND_ENUM;

use super::Reason;
use super::Unknown;
use super::case::Judge;
use super::guards;
use crate::object::Flow;
use crate::object::Need;
use crate::object::needs;
use crate::object::reads::ProgramReads;

/// How many things are named.
const MAX_NAMED: usize = 8;
/// The enumerator behind the last helper's (`enum bpf_func_id` of `include/uapi/linux/bpf.h`).
const END: &str = "__BPF_FUNC_MAX_ID";

/// What the kernel lacks of what a program's instructions need.
pub(super) fn lacking(judge: &Judge<'_>, program: &ProgramReads) -> BTreeSet<Reason> {
    let helpers = helpers(judge);
    let release = judge.kernel.release();
    let is_lacking = |need: &Need| match need {
        Need::Helper(number) => helpers.is_some_and(|helpers| *number >= helpers),
        Need::Since(_, since) => release.is_some_and(|release| release < *since),
    };
    let object = judge.object.object();
    let mut lacking = needs(object);
    lacking.retain(|(_, need)| is_lacking(need));
    if lacking.is_empty() {
        return BTreeSet::new();
    }
    let mut flow = Flow::new(object);
    let live = flow.live(program.program, |relocation| {
        guards::answer(judge, relocation)
    });
    let mut named = BTreeSet::new();
    let mut reasons = BTreeSet::new();
    for (at, need) in lacking {
        if !live.certainly_has(at) || named.len() == MAX_NAMED || !named.insert(need) {
            continue;
        }
        let what = need.to_string();
        let by = guards::closing(judge, program, at);
        reasons.insert(match by.is_empty() {
            true => Reason::Lacks { what },
            false => Reason::NotKnown {
                why: Unknown::Guard(format!("{what}: {}", by.join(", "))),
            },
        });
    }
    reasons
}

/// How many helpers the kernel numbers; `None` where its BTF does not tell.
fn helpers(judge: &Judge<'_>) -> Option<u32> {
    let helpers = judge.kernel.btf().find(c"bpf_func_id", BTF_KIND_ENUM)?;
    let enumerators = helpers.enumerators();
    let end = enumerators.iter().find(|value| value.name == END)?;
    u32::try_from(end.value).ok()
}

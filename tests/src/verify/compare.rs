//! Holds the judge's answers against a plan.

use std::collections::BTreeMap;
use std::collections::HashMap;

use ctxgen::KernelBtf;
use ctxgen_judge::Answer;
use ctxgen_judge::Load as Verdict;
use ctxgen_judge::Verdict as Whole;

use super::expect;
use super::expect::Expected;
use super::expect::Version;
use super::plan::Case;
use super::plan::Plan;
use super::program::Load;
use super::row::Row;

/// A place where the kernel and ctxgen disagree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The hook.
    pub hook: String,
    /// The offset of the load, in bytes; `None` where it is about the program as a whole.
    pub offset: Option<u32>,
    /// What ctxgen promises.
    pub promised: String,
    /// What the kernel says.
    pub said: String,
}

/// What came of a plan.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The kernel's release.
    pub release: String,
    /// Counts by family, in the order of the family table.
    pub rows: BTreeMap<&'static str, Row>,
    /// All disagreements.
    pub wrong: Vec<Wrong>,
    /// How often each reason outside of what BTF can tell was given.
    pub outside: BTreeMap<String, usize>,
    /// Where the answers themselves are not as they should be.
    pub trouble: Vec<String>,
}

/// Refusals for reasons that are not in BTF, by a part of the kernel's words.
const OUTSIDE: &[(&str, &str)] = &[
    ("disabled hook", "LSM hook switched off"),
    ("cannot be found", "function gone from kallsyms"),
    ("is not modifiable", "not open to error injection"),
    ("can't modify return codes", "not open to error injection"),
    ("is rejected", "on the kernel's list of refused functions"),
    ("__noreturn", "function does not return"),
    ("recursive", "function that programs run through"),
    // "JIT does not support fsession": of s390, before anything else is looked at.
    ("JIT does not support", "not supported by the kernel's JIT"),
    (
        "attach to unsupported member",
        "member that programs may not implement",
    ),
    (
        "is not a supported struct",
        "ops type that the kernel does not offer",
    ),
];

/// Functions that no tracing program may attach to, since such programs run through them.
const DENIED: &[&str] = &[
    "__rcu_read_lock",
    "__rcu_read_unlock",
    "migrate_disable",
    "migrate_enable",
    "preempt_count_add",
    "preempt_count_sub",
    "rcu_read_unlock_strict",
];

/// What the kernel says of a program that ends with a reference (`check_reference_leak` of
/// `kernel/bpf/verifier.c`).
const UNRELEASED: &str = "Unreleased reference";

/// What the kernel says of a load behind the last field: there is no such argument, it is out of the
/// context, or it is a returned value that programs of the family may not read.
const PAST_END: &[&str] = &[
    "doesn't have",
    "invalid bpf_context access",
    "Only pointer access is allowed",
    "not allowed for fmod_ret",
];

/// Holds answers against the plan that they are to.
pub fn compare<'a>(
    kernel: &KernelBtf,
    plan: &Plan,
    answers: impl IntoIterator<Item = &'a str>,
) -> Report {
    let mut report = Report::default();
    let mut answered: HashMap<String, &str> = HashMap::new();
    let mut has_jit = true;
    for line in answers {
        match Answer::parse(line) {
            Some(Answer::Kernel {
                key: "release",
                value,
            }) => report.release = value.to_owned(),
            Some(Answer::Kernel { key: "jit", value }) => has_jit = value != "ENOENT",
            Some(Answer::Program { id, .. }) => {
                answered.insert(id.to_owned(), line);
            }
            Some(Answer::Trouble { id, text }) => report.trouble.push(format!("{id}: {text}")),
            Some(_) => {}
            None => report.trouble.push(format!("not an answer: {line}")),
        }
    }
    let version = version(&report.release);
    if version.is_none() {
        report
            .trouble
            .push("the kernel's release is not told".to_owned());
    }
    for case in &plan.cases {
        let line = answered.get(&case.id());
        let Some(Answer::Program {
            result,
            loads,
            attached,
            ..
        }) = line.and_then(|line| Answer::parse(line))
        else {
            report
                .trouble
                .push(format!("no answer about {}", case.id()));
            continue;
        };
        Judgement {
            kernel,
            case,
            version: version.unwrap_or((0, 0)),
            has_jit,
            report: &mut report,
        }
        .pass(result, &loads, attached);
    }
    report
}

/// What of a refusal in these words BTF does not tell.
fn not_in_btf(reason: &str) -> Option<&'static str> {
    OUTSIDE
        .iter()
        .find(|(words, _)| reason.contains(words))
        .map(|(_, why)| *why)
}

fn version(release: &str) -> Option<Version> {
    let mut parts = release.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

struct Judgement<'r, 'k> {
    kernel: &'k KernelBtf,
    case: &'r Case,
    version: Version,
    has_jit: bool,
    report: &'r mut Report,
}

impl Judgement<'_, '_> {
    fn row(&mut self) -> &mut Row {
        let family = self.case.hook.family().name();
        self.report.rows.entry(family).or_default()
    }

    fn wrong(&mut self, offset: Option<u32>, promised: String, said: String) {
        self.row().wrong += 1;
        self.report.wrong.push(Wrong {
            hook: self.case.hook.to_string(),
            offset,
            promised,
            said,
        });
    }

    fn outside(&mut self, reason: &str, count: usize) {
        self.row().outside += count;
        *self.report.outside.entry(reason.to_owned()).or_default() += count;
    }

    fn pass(&mut self, whole: Whole<'_>, loads: &[Verdict<'_>], attached: Option<Whole<'_>>) {
        let is_second = self.case.attach == Some(false);
        if !is_second {
            self.row().hooks += 1;
        }
        let promised = self.case.whole.clone();
        let fields = self.case.loads.len().max(1);
        match (promised, whole) {
            (expect::Whole::Accepted, Whole::Accepted) => self.loads(loads, attached),
            (expect::Whole::Unreleased, Whole::Refused { reason, .. })
                if reason.contains(UNRELEASED) =>
            {
                self.loads(loads, attached);
            }
            (expect::Whole::Unreleased, Whole::Accepted) => self.wrong(
                None,
                format!("refused with {UNRELEASED:?}"),
                "loaded".to_owned(),
            ),
            (expect::Whole::Accepted, Whole::Refused { reason, .. })
                if self.refuses_by_value(reason) || self.refuses_twelve(reason) =>
            {
                let row = self.row();
                row.fields += fields;
                row.refused += 1;
            }
            (
                expect::Whole::Accepted | expect::Whole::Unreleased,
                Whole::Refused { errno, reason },
            ) => match self.outside_reason(errno, reason) {
                Some(why) => self.outside(why, fields),
                None => self.wrong(None, "loads".to_owned(), format!("{errno}: {reason}")),
            },
            (expect::Whole::Refused(words), Whole::Refused { errno, reason }) => {
                let text = format!("{errno}: {reason}");
                if words.iter().any(|word| text.contains(word)) {
                    self.row().refused += 1;
                } else if let Some(why) = self.outside_reason(errno, reason) {
                    self.outside(why, 1);
                } else {
                    self.wrong(None, format!("refused with one of {words:?}"), text);
                }
            }
            (expect::Whole::Refused(words), Whole::Accepted) => self.wrong(
                None,
                format!("refused with one of {words:?}"),
                "loaded".to_owned(),
            ),
        }
    }

    fn loads(&mut self, loads: &[Verdict<'_>], attached: Option<Whole<'_>>) {
        if loads.len() != self.case.loads.len() {
            let id = self.case.id();
            self.report
                .trouble
                .push(format!("{id}: another number of loads"));
            return;
        }
        let planned = self.case.loads.clone();
        for ((load, expected), verdict) in planned.iter().zip(loads) {
            self.load(*load, expected, *verdict);
        }
        self.attach(attached);
    }

    /// Whether this is the verifier of a kernel that refuses to attach to functions with such an
    /// argument by value at all.
    fn refuses_by_value(&self, reason: &str) -> bool {
        let by_value = |expected: &Expected| {
            matches!(expected, Expected::ByValue | Expected::UnionByValue)
                && expect::accepted_since(expected)
                    .is_some_and(|(refused, _)| self.version <= refused)
        };
        reason.contains("is unsupported")
            && self
                .case
                .loads
                .iter()
                .any(|(_, expected)| by_value(expected))
    }

    /// Whether this is the verifier of a kernel that takes eleven arguments for the most.
    fn refuses_twelve(&self, reason: &str) -> bool {
        self.version <= (5, 10) && reason.contains("has 12 arguments. Too many")
    }

    /// Why a program was refused for something that BTF does not tell.
    fn outside_reason(&self, errno: &str, reason: &str) -> Option<&'static str> {
        if self.version < since(self.case.hook.family()) {
            return Some("kernel older than the family");
        }
        // What a machine's policy refuses, it refuses before it has looked at the program.
        if errno == "EPERM" && reason.is_empty() {
            return Some("not permitted on this machine");
        }
        // Trampolines need the JIT compiler; without it they cannot be made.
        if !self.has_jit && matches!(errno, "ENOMEM" | "ENOTSUPP") {
            return Some("no JIT on this kernel");
        }
        // Of these the kernel does not even say why (`btf_id_deny` of `kernel/bpf/verifier.c`).
        if (errno, reason) == ("EINVAL", "") && DENIED.contains(&self.case.hook.target()) {
            return Some("on the kernel's list of refused functions");
        }
        not_in_btf(reason)
    }

    fn load(&mut self, load: Load, expected: &Expected, verdict: Verdict<'_>) {
        let agrees = self.agrees(load, expected, verdict);
        let row = self.row();
        if *expected != Expected::PastEnd {
            row.fields += 1;
        }
        match (agrees, verdict) {
            (true, Verdict::Accepted { .. }) => row.confirmed += 1,
            (true, _) => row.refused += 1,
            (false, verdict) => self.wrong(
                Some(load.offset),
                format!("{expected:?} ({} bytes)", load.size),
                format!("{verdict:?}"),
            ),
        }
    }

    /// Whether a verdict is what was promised.
    fn agrees(&self, load: Load, expected: &Expected, verdict: Verdict<'_>) -> bool {
        if let Some((refused, accepted)) = expect::accepted_since(expected) {
            return match verdict {
                Verdict::Accepted { .. } => self.version > refused,
                Verdict::Refused { reason } => {
                    self.version < accepted && !reason.contains("doesn't have")
                }
                Verdict::Unknown => false,
            };
        }
        match (expected, verdict) {
            (Expected::Number { size }, Verdict::Accepted { register, .. }) => {
                is_number(register) && self.width(*size) == load.size
            }
            (Expected::Scalar, Verdict::Accepted { register, .. }) => is_number(register),
            (Expected::Struct { name }, Verdict::Accepted { register, btf_id }) => {
                pointee(register) == Some(name)
                    && !(self.tells_null() && may_be_null(register))
                    && self.names(btf_id, name)
            }
            (Expected::Nullable { name }, Verdict::Accepted { register, btf_id }) => {
                pointee(register) == Some(name) && may_be_null(register) && self.names(btf_id, name)
            }
            (Expected::Anything | Expected::NotAlwaysPointer, Verdict::Accepted { .. })
            | (Expected::Refused, Verdict::Refused { .. }) => true,
            (Expected::PastEnd, Verdict::Refused { reason }) => {
                PAST_END.iter().any(|words| reason.contains(words))
            }
            _ => false,
        }
    }

    /// Whether BTF tells which arguments may be NULL. Of tracepoints, the kernel has a list
    /// (`raw_tp_null_args` of `kernel/bpf/btf.c`).
    fn tells_null(&self) -> bool {
        self.case.hook.family().name() == "struct_ops"
    }

    /// How wide an argument of that size is read.
    fn width(&self, size: u32) -> u32 {
        match self.kernel.byte_order() {
            ctxgen::ByteOrder::Little => size,
            ctxgen::ByteOrder::Big => ctxgen::layout::SLOT,
        }
    }

    /// Whether the type that the verifier found bears that name.
    fn names(&self, btf_id: Option<u32>, name: &str) -> bool {
        btf_id.is_none_or(|id| {
            let ty = self.kernel.btf().get(ctxgen::btf::TypeId(id));
            ty.is_some_and(|ty| expect::taken_for(&self.case.hook, ty.name()) == name)
        })
    }

    fn attach(&mut self, attached: Option<Whole<'_>>) {
        match (self.case.attach, attached) {
            (None, _) | (Some(true), Some(Whole::Accepted)) => {}
            (
                Some(false),
                Some(Whole::Refused {
                    errno: "EINVAL", ..
                }),
            ) => {
                self.row().refused += 1;
            }
            // A tracepoint of a module, or one that is not built in.
            (
                Some(_),
                Some(Whole::Refused {
                    errno: "ENOENT", ..
                }),
            ) => {
                self.outside("tracepoint not there", 1);
            }
            (Some(may), said) => self.wrong(
                None,
                match may {
                    true => "attaches: it reads no more than there is".to_owned(),
                    false => "does not attach: it reads more than there is".to_owned(),
                },
                format!("{said:?}"),
            ),
        }
    }
}

/// The first kernel that has the family.
fn since(family: ctxgen::Family) -> Version {
    match family.name() {
        "lsm_cgroup" => (6, 0),
        "fsession" => (7, 0),
        _ => (0, 0),
    }
}

/// `inv` up to 5.17.
fn is_number(register: &str) -> bool {
    register.starts_with("scalar")
        || register.starts_with("inv")
        || register.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// The name of what a register points to: of `trusted_ptr_task_struct`, `task_struct`.
fn pointee(register: &str) -> Option<&str> {
    let (_, name) = register.split_once("ptr_")?;
    Some(name.strip_prefix("or_null_").unwrap_or(name))
}

fn may_be_null(register: &str) -> bool {
    register.contains("ptr_or_null_")
}

#[cfg(test)]
mod tests;

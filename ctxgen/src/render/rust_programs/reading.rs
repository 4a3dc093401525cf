//! How programs read what a pointer of a context points to.

use crate::hook::Family;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;

/// How memory behind a pointer is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reading {
    /// By loads: the verifier knows what the pointer points to.
    Direct,
    /// By a helper: to the verifier it is a number.
    Probed,
    /// By another helper: it is user space's.
    User,
    /// As the type's parameter says.
    Either,
}

impl Reading {
    /// What programs of a family do.
    pub(super) fn of(family: Family) -> Self {
        match (family.prototypes(), family.passing()) {
            (Prototypes::User | Prototypes::SystemCall, _) => Self::User,
            (Prototypes::Tracepoint { typedef: false }, _) => Self::Probed,
            (_, Passing::Slots) => Self::Direct,
            (_, Passing::Registers | Passing::Memory) => Self::Probed,
        }
    }

    /// What the programs of all of these hooks do, which have one context.
    pub(super) fn of_all(hooks: &[Hook]) -> Self {
        let mut readings: Vec<Self> = hooks.iter().map(|hook| Self::of(hook.family())).collect();
        readings.sort();
        readings.dedup();
        match readings[..] {
            [only] => only,
            [] => Self::Probed,
            _ => Self::Either,
        }
    }

    /// The type that stands for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Direct => "Direct",
            Self::Probed => "Probed",
            Self::User => "User",
            Self::Either => "M",
        }
    }
}

/// The types of `aya_ebpf::programs` that programs of a family get, by the family's name.
const AYA: &[(&str, &str)] = &[
    ("tp_btf", "BtfTracePointContext"),
    ("raw_tp", "RawTracePointContext"),
    ("fentry", "FEntryContext"),
    ("fexit", "FExitContext"),
    ("lsm", "LsmContext"),
    ("lsm_cgroup", "LsmContext"),
    ("kprobe", "ProbeContext"),
    ("kretprobe", "RetProbeContext"),
    ("uprobe", "ProbeContext"),
    ("uretprobe", "RetProbeContext"),
    ("tp", "TracePointContext"),
];

/// What programs of a family get from aya; `None` where it has no such programs.
pub(super) fn of_aya(family: Family) -> Option<&'static str> {
    let mut all = AYA.iter();
    all.find(|(name, _)| *name == family.name())
        .map(|(_, ty)| *ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(hooks: &[&str]) -> Reading {
        let hooks: Vec<Hook> = hooks.iter().map(|hook| hook.parse().unwrap()).collect();
        Reading::of_all(&hooks)
    }

    #[test]
    fn of_hooks() {
        assert_eq!(reading(&["tp_btf/a", "raw_tp/a"]), Reading::Either);
        assert_eq!(reading(&["raw_tp/a"]), Reading::Probed);
        assert_eq!(reading(&["fexit/a"]), Reading::Direct);
        assert_eq!(reading(&["lsm/a"]), Reading::Direct);
        assert_eq!(reading(&["kprobe/a"]), Reading::Probed);
        assert_eq!(reading(&["uprobe//bin/a:b"]), Reading::User);
        assert_eq!(reading(&["tp/a/b"]), Reading::Probed);
    }

    #[test]
    fn families_of_aya() {
        for (name, _) in AYA {
            assert!(Family::by_name(name).is_some(), "{name}");
        }
    }
}

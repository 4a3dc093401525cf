//! Kinds of contexts, as the verifier tells them apart.

use ctxgen::Hook;
use ctxgen::Passing;
use ctxgen::Prototypes;

/// A kind of context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Slots with types from BTF (`btf_ctx_access` of `kernel/bpf/btf.c`).
    Slots,
    /// The same of an LSM hook, where stores are left to that alone.
    LsmSlots,
    /// Slots without types (`raw_tp_prog_is_valid_access` of `kernel/trace/bpf_trace.c`).
    BareSlots,
    /// `struct pt_regs` (`kprobe_prog_is_valid_access`). From 6.18 on, uprobes may store to it.
    Registers,
    /// The record of a trace event (`tp_prog_is_valid_access`).
    Record,
    /// `struct bpf_perf_event_data` (`pe_prog_is_valid_access`).
    PerfEvent,
    /// A struct whose fields the verifier replaces by those of the kernel (`convert_ctx_access`), each
    /// by a rule of its own.
    Replaced,
    /// What user space hands over.
    User,
    /// A struct of the kernel's own that is left as it is.
    Other,
    /// What the function that is replaced gets, which need be no context.
    Unknown,
}

/// Families without a `convert_ctx_access` in the kernel, of those whose programs get a struct of the
/// kernel's own.
const AS_IT_IS: [&str; 3] = ["netfilter", "cgroup_device", "lirc_mode2"];

impl Kind {
    pub(super) fn of(hook: &Hook) -> Self {
        let family = hook.family();
        match (family.name(), family.prototypes(), family.passing()) {
            ("raw_tp", ..) => Self::BareSlots,
            ("perf_event", ..) => Self::PerfEvent,
            ("syscall", ..) => Self::User,
            ("freplace", ..) => Self::Unknown,
            (_, Prototypes::Lsm, _) => Self::LsmSlots,
            (_, Prototypes::Event, _) => Self::Record,
            // The arguments of a function, whatever the struct that they are given in.
            (_, Prototypes::Iterator, _) | (_, _, Passing::Slots) => Self::Slots,
            (_, _, Passing::Registers) => Self::Registers,
            (name, ..) if AS_IT_IS.contains(&name) => Self::Other,
            _ => Self::Replaced,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_family() {
        for (section, kind) in [
            ("tp_btf/x", Kind::Slots),
            ("fentry/x", Kind::Slots),
            ("fsession/x", Kind::Slots),
            ("iter/task", Kind::Slots),
            ("struct_ops/a/b", Kind::Slots),
            ("lsm/x", Kind::LsmSlots),
            ("lsm_cgroup/x", Kind::LsmSlots),
            ("raw_tp/x", Kind::BareSlots),
            ("kprobe/x", Kind::Registers),
            ("kretsyscall/x", Kind::Registers),
            ("usdt//bin/sh:a:b", Kind::Registers),
            ("tp/a/b", Kind::Record),
            ("perf_event", Kind::PerfEvent),
            ("xdp", Kind::Replaced),
            ("tcx/egress", Kind::Replaced),
            ("sk_lookup", Kind::Replaced),
            ("netfilter", Kind::Other),
            ("freplace/x", Kind::Unknown),
            ("syscall", Kind::User),
        ] {
            assert_eq!(Kind::of(&section.parse().unwrap()), kind, "{section}");
        }
    }
}

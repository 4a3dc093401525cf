//! The macros that stand for a program's head.

/// How the arguments of a program follow from its macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// One slot each.
    Slots,
    /// As many slots as each needs; types and names are arguments of their own.
    WideSlots,
    /// A register each.
    Registers,
    /// The register of the returned value.
    Returned,
    /// The arguments of a system call.
    SystemCall,
}

/// A macro.
#[derive(Debug)]
pub(super) struct Macro {
    pub(super) name: &'static str,
    pub(super) taken: Taken,
    /// Whether it has the program's section in it.
    pub(super) has_section: bool,
}

const fn known(name: &'static str, taken: Taken) -> Macro {
    Macro {
        name,
        taken,
        has_section: false,
    }
}

const fn with_section(name: &'static str, taken: Taken) -> Macro {
    Macro {
        has_section: true,
        ..known(name, taken)
    }
}

/// Those of `bpf_tracing.h` (libbpf 0.7 to 1.7), and the wrappers that schedulers have around it.
const MACROS: &[Macro] = &[
    known("BPF_PROG", Taken::Slots),
    known("BPF_PROG2", Taken::WideSlots),
    known("BPF_KPROBE", Taken::Registers),
    known("BPF_UPROBE", Taken::Registers),
    known("BPF_KRETPROBE", Taken::Returned),
    known("BPF_URETPROBE", Taken::Returned),
    known("BPF_KSYSCALL", Taken::SystemCall),
    known("BPF_KPROBE_SYSCALL", Taken::SystemCall),
    with_section("BPF_STRUCT_OPS", Taken::Slots),
    with_section("BPF_STRUCT_OPS_SLEEPABLE", Taken::Slots),
];

pub(super) fn by_name(name: &str) -> Option<&'static Macro> {
    MACROS.iter().find(|known| known.name == name)
}

/// Whether that macro stands for a program's head, and can be migrated.
pub fn is_migrated(name: &str) -> bool {
    by_name(name).is_some()
}

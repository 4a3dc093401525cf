//! What to tell clang of each architecture, and what its registers are called.

use ctxgen::ByteOrder;

/// An architecture.
pub(crate) struct Target {
    pub(crate) triple: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) order: ByteOrder,
    /// Whether clang passes integers of 16 bytes as the psABI has it. On x86-64, older ones split such a
    /// number between the last register and the stack, which gcc and the psABI do not.
    pub(crate) wide: bool,
    /// The struct that has the registers, by which the architecture is told.
    pub(crate) structure: &'static str,
    /// Its members, and of how many elements they are.
    pub(crate) registers: &'static [(&'static str, u32)],
    /// The kernel's name for what the assembler calls so.
    pub(crate) register: fn(&str) -> String,
    /// Whether a line of assembly loads something from the stack.
    pub(crate) is_load: fn(&str) -> bool,
}

pub(crate) static TARGETS: &[Target] = &[
    Target {
        triple: "x86_64-linux-gnu",
        arguments: &[],
        order: ByteOrder::Little,
        wide: false,
        structure: "pt_regs",
        registers: &[
            ("ax", 1),
            ("cx", 1),
            ("dx", 1),
            ("si", 1),
            ("di", 1),
            ("r8", 1),
            ("r9", 1),
            ("orig_ax", 1),
        ],
        register: x86,
        is_load: |line| line.contains("mov") && line.contains("(%rsp)"),
    },
    Target {
        triple: "aarch64-linux-gnu",
        arguments: &[],
        order: ByteOrder::Little,
        wide: true,
        structure: "user_pt_regs",
        registers: &[("regs", 31), ("pstate", 1)],
        register: |name| numbered("regs", name),
        is_load: |line| line.contains("ldr") && line.contains("[sp"),
    },
    Target {
        triple: "s390x-linux-gnu",
        arguments: &[],
        order: ByteOrder::Big,
        wide: true,
        structure: "pt_regs",
        registers: &[("psw", 1), ("gprs", 16)],
        register: |name| numbered("gprs", name),
        is_load: |line| line.contains("(%r15)") && line.trim_start().starts_with('l'),
    },
    Target {
        triple: "riscv64-linux-gnu",
        // Kernels are built without floating point; a double is in registers of its own with it.
        arguments: &["-march=rv64gc", "-mabi=lp64d"],
        order: ByteOrder::Little,
        wide: true,
        structure: "pt_regs",
        registers: &[
            ("orig_a0", 1),
            ("a0", 1),
            ("a1", 1),
            ("a2", 1),
            ("a3", 1),
            ("a4", 1),
            ("a5", 1),
            ("a6", 1),
            ("a7", 1),
        ],
        register: str::to_owned,
        is_load: |line| line.contains("(sp)") && line.trim_start().starts_with('l'),
    },
    Target {
        triple: "powerpc64le-linux-gnu",
        arguments: &[],
        order: ByteOrder::Little,
        wide: true,
        structure: "pt_regs",
        registers: &[("nip", 1), ("gpr", 32)],
        register: |name| numbered("gpr", name),
        is_load: |line| line.contains("(1)") && line.trim_start().starts_with('l'),
    },
];

/// `w3` and `%r3` as element 3.
fn numbered(array: &str, name: &str) -> String {
    format!(
        "{array}[{}]",
        name.trim_start_matches(|c: char| !c.is_ascii_digit())
    )
}

/// `%edi` as `di`, `%r8d` as `r8`.
fn x86(name: &str) -> String {
    let name = name.trim_start_matches('%');
    if let Some(numbered) = name
        .strip_prefix('r')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return format!("r{}", numbered.trim_end_matches(['d', 'w', 'b']));
    }
    let name = name.trim_start_matches(['r', 'e']);
    match name {
        "al" => "ax".to_owned(),
        "cl" => "cx".to_owned(),
        "dl" => "dx".to_owned(),
        "sil" => "si".to_owned(),
        "dil" => "di".to_owned(),
        name => name.to_owned(),
    }
}

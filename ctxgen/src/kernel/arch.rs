//! The architecture that a kernel BTF is of.

use std::fmt;

use super::index::Index;
use super::index::Named;
use crate::btf::Btf;
use crate::btf::ByteOrder;

/// An architecture that kernels with BTF and BPF programs exist for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Arch {
    /// x86-64 (and the i386 that shares its name for libbpf).
    X86,
    /// arm64.
    Arm64,
    /// 32-bit arm.
    Arm,
    /// s390x.
    S390,
    /// 64-bit PowerPC, either byte order.
    PowerPc,
    /// riscv64.
    Riscv,
    /// loongarch64.
    LoongArch,
    /// MIPS.
    Mips,
}

pub(super) struct Row {
    pub(super) arch: Arch,
    /// As in libbpf's `__TARGET_ARCH_<name>`.
    libbpf: &'static str,
    /// As Rust's target triples begin.
    rust: &'static [&'static str],
    /// A struct, and a member of it, that only this architecture's kernels have.
    landmark: (&'static str, &'static str),
    /// Such as programs have: of the kernel, of the headers for user space, or of what libbpf's macros declare for
    /// themselves.
    pub(super) in_programs: &'static [(&'static str, &'static str)],
}

pub(super) static ROWS: &[Row] = &[
    Row {
        arch: Arch::X86,
        libbpf: "x86",
        rust: &["x86_64", "i686", "i586"],
        landmark: ("pt_regs", "orig_ax"),
        in_programs: &[
            ("pt_regs", "orig_ax"),
            ("pt_regs", "orig_rax"),
            ("user_regs_struct", "orig_ax"),
            ("user_regs_struct", "orig_rax"),
        ],
    },
    Row {
        arch: Arch::Arm64,
        libbpf: "arm64",
        rust: &["aarch64"],
        landmark: ("user_pt_regs", "pstate"),
        in_programs: &[
            ("user_pt_regs", "pstate"),
            ("pt_regs", "pstate"),
            ("pt_regs", "orig_x0"),
        ],
    },
    Row {
        arch: Arch::S390,
        libbpf: "s390",
        rust: &["s390x"],
        landmark: ("pt_regs", "psw"),
        in_programs: &[
            ("user_pt_regs", "psw"),
            ("pt_regs", "psw"),
            ("pt_regs", "orig_gpr2"),
        ],
    },
    Row {
        arch: Arch::PowerPc,
        libbpf: "powerpc",
        rust: &["powerpc64le", "powerpc64"],
        landmark: ("pt_regs", "nip"),
        in_programs: &[("user_pt_regs", "nip"), ("pt_regs", "nip")],
    },
    Row {
        arch: Arch::Riscv,
        libbpf: "riscv",
        rust: &["riscv64", "riscv32"],
        landmark: ("pt_regs", "orig_a0"),
        in_programs: &[("user_regs_struct", "a0"), ("pt_regs", "a0")],
    },
    Row {
        arch: Arch::LoongArch,
        libbpf: "loongarch",
        rust: &["loongarch64"],
        landmark: ("pt_regs", "csr_era"),
        in_programs: &[("user_pt_regs", "csr_era"), ("pt_regs", "csr_era")],
    },
    Row {
        arch: Arch::Mips,
        libbpf: "mips",
        rust: &["mips"],
        landmark: ("pt_regs", "cp0_epc"),
        in_programs: &[("pt_regs", "cp0_epc")],
    },
    Row {
        arch: Arch::Arm,
        libbpf: "arm",
        rust: &["arm", "thumb"],
        landmark: ("pt_regs", "uregs"),
        in_programs: &[("pt_regs", "uregs")],
    },
];

impl Arch {
    /// The architecture whose landmark a kernel has. riscv is told from loongarch, which also has
    /// an `orig_a0`, by being asked for after it has been ruled out.
    pub(super) fn of(btf: &Btf<'_>, index: &Index) -> Option<Self> {
        let has = |&(composite, member): &(&str, &str)| {
            index
                .find(btf, Named::Struct, composite)
                .into_iter()
                .any(|id| btf.member_named(id, member).is_some())
        };
        let mut found: Vec<Self> = ROWS
            .iter()
            .filter(|row| has(&row.landmark))
            .map(|row| row.arch)
            .collect();
        if found.contains(&Self::LoongArch) {
            found.retain(|arch| *arch != Self::Riscv);
        }
        match found[..] {
            [arch] => Some(arch),
            _ => None,
        }
    }

    /// The architecture of a Rust target triple.
    pub fn from_target(triple: &str) -> Option<Self> {
        let name = triple.split('-').next()?;
        let matches = |row: &&Row| row.rust.iter().any(|start| name.starts_with(start));
        // `arm` is a beginning of nothing else's triple here, but `aarch64` has to be asked first.
        ROWS.iter().find(matches).map(|row| row.arch)
    }

    /// Its name in libbpf's `__TARGET_ARCH_<name>` macros.
    pub fn libbpf_name(self) -> &'static str {
        self.row().libbpf
    }

    /// Its name as Rust's target triples begin with it: `x86_64`. That of riscv64 has letters behind it
    /// there.
    pub fn rust_name(self) -> &'static str {
        self.row().rust[0]
    }

    /// Its name as Rust's target triples begin with it for that byte order: `powerpc64le`, `powerpc64`.
    pub fn machine(self, order: ByteOrder) -> &'static str {
        match (self, order) {
            (Self::PowerPc, ByteOrder::Big) => "powerpc64",
            _ => self.rust_name(),
        }
    }

    /// The structs by which architectures are told.
    pub(crate) fn landmarks() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.landmark.0)
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|row| row.arch == self).unwrap_or(&ROWS[0])
    }

    /// Whether a kernel of this architecture can have that byte order.
    pub fn has_byte_order(self, order: ByteOrder) -> bool {
        match self {
            Self::X86 | Self::Arm64 | Self::Arm | Self::Riscv | Self::LoongArch => {
                order == ByteOrder::Little
            }
            Self::S390 => order == ByteOrder::Big,
            Self::PowerPc | Self::Mips => true,
        }
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.rust_name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triples() {
        for (triple, arch) in [
            ("x86_64-unknown-linux-gnu", Some(Arch::X86)),
            ("aarch64-unknown-linux-musl", Some(Arch::Arm64)),
            ("s390x-unknown-linux-gnu", Some(Arch::S390)),
            ("riscv64gc-unknown-linux-gnu", Some(Arch::Riscv)),
            ("powerpc64le-unknown-linux-gnu", Some(Arch::PowerPc)),
            ("armv7-unknown-linux-gnueabihf", Some(Arch::Arm)),
            ("wasm32-unknown-unknown", None),
        ] {
            assert_eq!(Arch::from_target(triple), arch, "{triple}");
        }
    }
}

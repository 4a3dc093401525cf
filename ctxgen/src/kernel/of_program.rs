//! The architecture that a program's types are of.

use super::arch::Arch;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::compat::essential_name;

/// A struct, a member of it, and the architecture that alone has it: in the kernel, in the headers for user space, or
/// in what libbpf's macros declare for themselves.
static LANDMARKS: &[(&str, &str, Arch)] = &[
    ("pt_regs", "orig_ax", Arch::X86),
    ("pt_regs", "orig_rax", Arch::X86),
    ("user_regs_struct", "orig_ax", Arch::X86),
    ("user_regs_struct", "orig_rax", Arch::X86),
    ("user_pt_regs", "pstate", Arch::Arm64),
    ("pt_regs", "pstate", Arch::Arm64),
    ("pt_regs", "orig_x0", Arch::Arm64),
    ("user_pt_regs", "psw", Arch::S390),
    ("pt_regs", "psw", Arch::S390),
    ("pt_regs", "orig_gpr2", Arch::S390),
    ("user_pt_regs", "nip", Arch::PowerPc),
    ("pt_regs", "nip", Arch::PowerPc),
    ("user_regs_struct", "a0", Arch::Riscv),
    ("pt_regs", "a0", Arch::Riscv),
    ("user_pt_regs", "csr_era", Arch::LoongArch),
    ("pt_regs", "csr_era", Arch::LoongArch),
    ("pt_regs", "cp0_epc", Arch::Mips),
    ("pt_regs", "uregs", Arch::Arm),
];

impl Arch {
    /// The architecture that a program's types are of: `None` where they have the registers of none, or of
    /// several.
    pub(crate) fn of_program(btf: &Btf<'_>) -> Option<Self> {
        let mut found = None;
        for ty in btf.types() {
            if !matches!(ty.kind(), Kind::Struct(_)) {
                continue;
            }
            let name = essential_name(ty.name());
            let of_name = LANDMARKS.iter().filter(|(of, ..)| *of == name);
            for (_, member, arch) in of_name {
                if btf.member_named(ty.id(), member).is_none() {
                    continue;
                }
                if found.is_some_and(|found| found != *arch) {
                    return None;
                }
                found = Some(*arch);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::BtfWriter;
    use crate::btf::ByteOrder;

    #[test]
    fn types_of_programs() {
        let arch = |structs: &[(&str, &str)]| {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let long = writer.unsigned("unsigned long", 8);
            for (name, member) in structs {
                writer.structure(name, 8, &[(member, long, 0)]);
            }
            Arch::of_program(&Btf::parse(&writer.finish()).unwrap())
        };
        for (structs, expected) in [
            (&[][..], None),
            (&[("pt_regs", "di")], None),
            (&[("other", "orig_ax")], None),
            (&[("pt_regs", "orig_rax")], Some(Arch::X86)),
            (&[("user_pt_regs", "pstate")], Some(Arch::Arm64)),
            // What libbpf's header declares for itself.
            (&[("pt_regs___arm64", "orig_x0")], Some(Arch::Arm64)),
            (&[("user_regs_struct", "a0")], Some(Arch::Riscv)),
            (&[("user_pt_regs", "csr_era")], Some(Arch::LoongArch)),
            // For two architectures at once.
            (
                &[("pt_regs___x86", "orig_ax"), ("pt_regs___arm64", "orig_x0")],
                None,
            ),
        ] {
            assert_eq!(arch(structs), expected, "{structs:?}");
        }
    }
}

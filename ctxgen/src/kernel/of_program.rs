//! The architecture that a program's types are of.

use super::arch::Arch;
use super::arch::ROWS;
use crate::btf::Btf;
use crate::btf::Kind;
use crate::btf::compat::essential_name;

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
            let marks = ROWS.iter().flat_map(|row| {
                let of_name = row.in_programs.iter().filter(|(of, _)| *of == name);
                of_name.map(|(_, member)| (member, row.arch))
            });
            for (member, arch) in marks {
                if btf.member_named(ty.id(), member).is_none() {
                    continue;
                }
                if found.is_some_and(|found| found != arch) {
                    return None;
                }
                found = Some(arch);
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

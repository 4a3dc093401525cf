//! Where programs of breakpoints find the registers, without a kernel at hand.
//!
//! User space sees them there too (`bpf_user_pt_regs_t`), so a release does not move them.

use super::SLOT;
use crate::kernel::Arch;

/// Where an architecture has the registers that libbpf's `PT_REGS_*` macros read, in bytes.
#[derive(Debug)]
pub(crate) struct SavedRegisters {
    /// Whose they are.
    pub(crate) arch: Arch,
    arguments: &'static [u32],
    returned: u32,
    /// The instruction pointer, the stack and frame pointer, the return address, and what a system call has
    /// besides.
    others: &'static [u32],
}

static SAVED: &[SavedRegisters] = &[
    // di, si, dx, cx, r8, r9; ip, sp, bp, orig_ax, r10.
    SavedRegisters {
        arch: Arch::X86,
        arguments: &[112, 104, 96, 88, 72, 64],
        returned: 80,
        others: &[128, 152, 32, 120, 56],
    },
    // regs[0] to regs[7]; pc, sp, regs[29], regs[30], regs[8].
    SavedRegisters {
        arch: Arch::Arm64,
        arguments: &[0, 8, 16, 24, 32, 40, 48, 56],
        returned: 0,
        others: &[256, 248, 232, 240, 64],
    },
    // gprs[2] to gprs[6]; psw.addr, gprs[15], gprs[11], gprs[14], gprs[7].
    SavedRegisters {
        arch: Arch::S390,
        arguments: &[40, 48, 56, 64, 72],
        returned: 40,
        others: &[16, 144, 112, 136, 80],
    },
    // a0 to a7; epc, sp, s0, ra.
    SavedRegisters {
        arch: Arch::Riscv,
        arguments: &[80, 88, 96, 104, 112, 120, 128, 136],
        returned: 80,
        others: &[0, 16, 64, 8],
    },
    // regs[4] to regs[11]; csr_era, regs[3], regs[22], regs[1].
    SavedRegisters {
        arch: Arch::LoongArch,
        arguments: &[32, 40, 48, 56, 64, 72, 80, 88],
        returned: 32,
        others: &[264, 24, 176, 8],
    },
    // gpr[3] to gpr[10]; nip, gpr[1], gpr[31], link, gpr[0], orig_gpr3.
    SavedRegisters {
        arch: Arch::PowerPc,
        arguments: &[24, 32, 40, 48, 56, 64, 72, 80],
        returned: 24,
        others: &[256, 8, 248, 288, 0, 272],
    },
];

/// What a register is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It carries the argument of that number, from 0; that of arguments and results may be one.
    Argument(usize),
    /// It carries what is returned.
    Returned,
    /// It is the instruction pointer, the stack pointer and the like.
    Other,
}

impl SavedRegisters {
    /// Those of all architectures that are known.
    pub(crate) fn all() -> impl Iterator<Item = &'static Self> {
        SAVED.iter()
    }

    /// Those of an architecture.
    pub(crate) fn of(arch: Arch) -> Option<&'static Self> {
        Self::all().find(|saved| saved.arch == arch)
    }

    /// What the register at an offset is for where a function is called, or where it has returned; `None` of
    /// those that no macro reads there.
    pub(crate) fn purpose(&self, offset: u32, has_returned: bool) -> Option<Purpose> {
        let is_at = |at: &u32| offset / SLOT == *at / SLOT;
        if has_returned && is_at(&self.returned) {
            return Some(Purpose::Returned);
        }
        let number = self.arguments.iter().position(is_at);
        match number.filter(|_| !has_returned) {
            Some(number) => Some(Purpose::Argument(number)),
            None => self.others.iter().any(is_at).then_some(Purpose::Other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::kernel::KernelBtf;
    use crate::layout::argument_registers;

    #[test]
    fn kernels_have_them_there() {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
        let mut archs = Vec::new();
        for name in ["5.10-x86_64", "7.2-x86_64", "6.12-aarch64", "6.12-s390x"] {
            let kernel = KernelBtf::from_path(fixtures.join(format!("{name}.btf"))).unwrap();
            let (arguments, returned) = argument_registers(&kernel).unwrap();
            let arch = kernel.arch().unwrap();
            let saved = SavedRegisters::of(arch).unwrap();
            assert_eq!(
                (saved.arguments, saved.returned),
                (&arguments[..], returned),
                "{name}"
            );
            archs.push(arch);
        }
        assert_eq!(archs, [Arch::X86, Arch::X86, Arch::Arm64, Arch::S390]);
    }

    #[test]
    fn purposes() {
        let arm = SavedRegisters::of(Arch::Arm64).unwrap();
        assert_eq!(arm.purpose(0, false), Some(Purpose::Argument(0)));
        assert_eq!(arm.purpose(4, true), Some(Purpose::Returned));
        assert_eq!(arm.purpose(8, true), None);
        assert_eq!(arm.purpose(256, true), Some(Purpose::Other));
        assert_eq!(arm.purpose(112, false), None);
    }
}

//! Calling conventions: which register a function has an argument in.
//!
//! From the ELF psABI supplements: System V AMD64, AAPCS64, s390x, RISC-V (LP64), `LoongArch` (LP64)
//! and 64-bit ELF V2 of Power. Kernels use no floating point; programs in user space do.

use crate::kernel::Arch;

/// How a calling convention sees an argument or a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Nothing.
    Void,
    /// An integer, enum or pointer of up to 8 bytes.
    Scalar,
    /// An integer of 16 bytes.
    Wide,
    /// A floating point number.
    Float,
    /// A struct or union.
    Composite {
        /// In bytes.
        size: u32,
        /// Whether it is aligned to 16 bytes.
        is_aligned: bool,
        /// Whether a member is not where its own alignment would have it.
        is_packed: bool,
        /// Whether a floating point number is in it.
        has_float: bool,
    },
}

/// Where an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In this register, counted from 0 among those that carry arguments.
    Register(usize),
    /// In memory, since no register was left.
    Stack,
    /// A struct, or a number of two registers' width, wherever it is.
    ByValue,
    /// In a register for floating point numbers.
    Float,
    /// It depends on what the convention makes of an argument before it.
    Unknown,
}

/// A register, as the kernel's struct has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Register {
    /// A member.
    Member(&'static str),
    /// An element of a member that is an array.
    Element(&'static str, u32),
}

impl std::fmt::Display for Register {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Member(name) => f.write_str(name),
            Self::Element(name, number) => write!(f, "{name}[{number}]"),
        }
    }
}

/// What of a convention differs among architectures.
#[derive(Debug)]
pub(super) struct Convention {
    arch: Arch,
    /// Those that carry arguments, in their order.
    pub(super) arguments: &'static [Register],
    /// The one that carries what is returned.
    pub(super) returned: Register,
    /// Those that carry a system call's arguments where the kernel is entered.
    pub(super) system_call: &'static [Register],
    rule: Rule,
}

/// How what is no scalar takes up registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Up to two registers if both are left, else memory, and the registers are for those behind.
    SystemV,
    /// Up to two registers, from an even one where it is aligned so; if they are not left, none is for
    /// those behind either. What is larger is passed by its address.
    Aapcs,
    /// One register for what is as large as an integer; all else is passed by its address.
    S390,
    /// Up to two registers, of which the second may be memory. What is larger is passed by its address.
    RiscV,
    /// As many as it is large, from an even one where it is aligned so. Floating point numbers take
    /// their place too.
    Power,
}

/// Members, and elements of such: `registers!["a0", "regs"[1]]`.
macro_rules! registers {
    ($($name:literal $([$number:literal])?),+) => {
        &[$(register!($name $([$number])?)),+]
    };
}

macro_rules! register {
    ($name:literal) => {
        Register::Member($name)
    };
    ($name:literal [$number:literal]) => {
        Register::Element($name, $number)
    };
}

/// The registers are those of libbpf's `bpf_tracing.h` (`__PT_PARM<n>_REG`, `__PT_RC_REG`,
/// `__PT_PARM<n>_SYSCALL_REG`). Of a system call, the first may be kept twice, since its register is
/// where the result goes.
static CONVENTIONS: &[Convention] = &[
    Convention {
        arch: Arch::X86,
        arguments: registers!["di", "si", "dx", "cx", "r8", "r9"],
        returned: Register::Member("ax"),
        system_call: registers!["di", "si", "dx", "r10", "r8", "r9"],
        rule: Rule::SystemV,
    },
    Convention {
        arch: Arch::Arm64,
        arguments: registers![
            "regs"[0], "regs"[1], "regs"[2], "regs"[3], "regs"[4], "regs"[5], "regs"[6], "regs"[7]
        ],
        returned: Register::Element("regs", 0),
        system_call: registers![
            "orig_x0", "regs"[1], "regs"[2], "regs"[3], "regs"[4], "regs"[5]
        ],
        rule: Rule::Aapcs,
    },
    Convention {
        arch: Arch::S390,
        arguments: registers!["gprs"[2], "gprs"[3], "gprs"[4], "gprs"[5], "gprs"[6]],
        returned: Register::Element("gprs", 2),
        system_call: registers![
            "orig_gpr2",
            "gprs"[3],
            "gprs"[4],
            "gprs"[5],
            "gprs"[6],
            "gprs"[7]
        ],
        rule: Rule::S390,
    },
    Convention {
        arch: Arch::Riscv,
        arguments: registers!["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7"],
        returned: Register::Member("a0"),
        system_call: registers!["orig_a0", "a1", "a2", "a3", "a4", "a5"],
        rule: Rule::RiscV,
    },
    Convention {
        arch: Arch::LoongArch,
        arguments: registers![
            "regs"[4], "regs"[5], "regs"[6], "regs"[7], "regs"[8], "regs"[9], "regs"[10],
            "regs"[11]
        ],
        returned: Register::Element("regs", 4),
        system_call: registers![
            "orig_a0", "regs"[5], "regs"[6], "regs"[7], "regs"[8], "regs"[9]
        ],
        rule: Rule::RiscV,
    },
    Convention {
        arch: Arch::PowerPc,
        arguments: registers![
            "gpr"[3], "gpr"[4], "gpr"[5], "gpr"[6], "gpr"[7], "gpr"[8], "gpr"[9], "gpr"[10]
        ],
        returned: Register::Element("gpr", 3),
        system_call: registers![
            "orig_gpr3",
            "gpr"[4],
            "gpr"[5],
            "gpr"[6],
            "gpr"[7],
            "gpr"[8]
        ],
        rule: Rule::Power,
    },
];

impl Convention {
    pub(super) fn of(arch: Arch) -> Option<&'static Self> {
        CONVENTIONS.iter().find(|known| known.arch == arch)
    }

    /// Where each argument is of a function that returns `returned`.
    pub(super) fn places(&self, returned: Passed, arguments: &[Passed]) -> Vec<Place> {
        let mut next = Next {
            rule: self.rule,
            register: usize::from(self.returns_in_memory(returned)),
            count: self.arguments.len(),
            is_known: true,
        };
        arguments.iter().map(|passed| next.place(*passed)).collect()
    }

    /// Whether the caller passes the address of what is returned, in front of all arguments. arm64 has a
    /// register of its own for that.
    fn returns_in_memory(&self, returned: Passed) -> bool {
        let Passed::Composite {
            size, is_packed, ..
        } = returned
        else {
            return self.rule == Rule::S390 && returned == Passed::Wide;
        };
        match self.rule {
            Rule::SystemV => size > 16 || is_packed,
            Rule::S390 => true,
            Rule::RiscV | Rule::Power => size > 16,
            Rule::Aapcs => false,
        }
    }
}

/// The registers that are left.
struct Next {
    rule: Rule,
    register: usize,
    count: usize,
    is_known: bool,
}

impl Next {
    fn place(&mut self, passed: Passed) -> Place {
        if !self.is_known {
            return Place::Unknown;
        }
        match passed {
            Passed::Void => Place::Unknown,
            Passed::Scalar => match self.take(1) {
                Some(register) => Place::Register(register),
                None => Place::Stack,
            },
            Passed::Float => {
                if self.rule == Rule::Power {
                    self.register += 1;
                }
                Place::Float
            }
            Passed::Wide => {
                // Power aligns structs so, and no numbers.
                self.pass_by(16, self.rule != Rule::Power, false);
                Place::ByValue
            }
            // Its members may go to registers of either kind.
            Passed::Composite {
                has_float: true, ..
            } => {
                self.is_known = false;
                Place::ByValue
            }
            Passed::Composite {
                size,
                is_aligned,
                is_packed,
                ..
            } => {
                self.pass_by(size, is_aligned, is_packed);
                Place::ByValue
            }
        }
    }

    /// The first of so many registers, if they are left.
    fn take(&mut self, count: usize) -> Option<usize> {
        let first = self.register;
        (first + count <= self.count).then(|| {
            self.register += count;
            first
        })
    }

    fn pass_by(&mut self, size: u32, is_aligned: bool, is_packed: bool) {
        let registers = size.div_ceil(8) as usize;
        match self.rule {
            Rule::SystemV if size > 16 || is_packed => {}
            Rule::SystemV => {
                self.take(registers);
            }
            Rule::Aapcs | Rule::RiscV if size > 16 => {
                self.take(1);
            }
            Rule::Aapcs => {
                if is_aligned {
                    self.register = self.register.next_multiple_of(2);
                }
                if self.take(registers).is_none() {
                    self.register = self.count;
                }
            }
            Rule::RiscV => self.register += registers,
            // By its address, or as an integer.
            Rule::S390 => {
                self.take(1);
            }
            Rule::Power => {
                if is_aligned {
                    self.register = self.register.next_multiple_of(2);
                }
                self.register += registers;
            }
        }
    }
}

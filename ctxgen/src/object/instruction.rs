//! Instructions, taken apart.
//!
//! The encoding is that of `Documentation/bpf/standardization/instruction-set.rst` of the kernel.

use libbpf_rs::libbpf_sys;

use crate::btf::ByteOrder;

/// How long an instruction is, in bytes. `LD_IMM64` takes two of these.
pub(crate) const LEN: usize = 8;

/// `BPF_LD | BPF_IMM | BPF_DW`, which takes two places.
pub(crate) const LOAD_IMM64: u8 = 0x18;
/// `BPF_JMP | BPF_CALL`.
pub(crate) const CALL: u8 = 0x85;

/// The registers that a call passes arguments in are 1 to this.
pub(crate) const LAST_ARGUMENT: u8 = 5;

/// An instruction as it is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) opcode: u8,
    pub(crate) dst: u8,
    pub(crate) src: u8,
    pub(crate) offset: i16,
    pub(crate) imm: i32,
}

impl Raw {
    /// The instruction of that number in a section's bytes; `None` behind the last whole one.
    pub(crate) fn at(code: &[u8], index: usize, order: ByteOrder) -> Option<Self> {
        let start = index.checked_mul(LEN)?;
        let &[opcode, registers, o0, o1, i0, i1, i2, i3] =
            code.get(start..)?.first_chunk::<LEN>()?;
        let (low, high) = (registers & 0xf, registers >> 4);
        let (offset, imm) = match order {
            ByteOrder::Little => (
                i16::from_le_bytes([o0, o1]),
                i32::from_le_bytes([i0, i1, i2, i3]),
            ),
            ByteOrder::Big => (
                i16::from_be_bytes([o0, o1]),
                i32::from_be_bytes([i0, i1, i2, i3]),
            ),
        };
        // They are bit fields, which start at the other end on big-endian machines.
        let (dst, src) = match order {
            ByteOrder::Little => (low, high),
            ByteOrder::Big => (high, low),
        };
        Some(Self {
            opcode,
            dst,
            src,
            offset,
            imm,
        })
    }

    /// How many places it takes.
    pub(crate) fn places(self) -> usize {
        match self.opcode {
            LOAD_IMM64 => 2,
            _ => 1,
        }
    }

    /// Whether it is a call of a function of the object's.
    pub(crate) fn is_local_call(self) -> bool {
        self.opcode == CALL && u32::from(self.src) == libbpf_sys::BPF_PSEUDO_CALL
    }
}

/// The second operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(u8),
    Immediate(i32),
}

/// What an instruction does, as far as it matters to code that follows a pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Sets a register to its operand, of which so many bits are taken and extended by their sign (64 for
    /// all).
    Move {
        dst: u8,
        operand: Operand,
        bits: u32,
        is_32: bool,
    },
    /// Arithmetic on a register. The number is the upper half of the opcode.
    Arithmetic {
        dst: u8,
        operand: Operand,
        operation: u8,
        is_32: bool,
    },
    /// Sets a register to what no rule here can tell.
    Forget {
        dst: u8,
    },
    /// A constant of 64 bits, or an address that is filled in later. It takes two places.
    Wide {
        dst: u8,
        low: i32,
    },
    /// A load from a packet, through the context in register 6.
    Packet,
    Load {
        dst: u8,
        base: u8,
        off: i16,
        width: u32,
        is_signed: bool,
    },
    Store {
        base: u8,
        off: i16,
        width: u32,
        value: Operand,
    },
    /// An atomic operation on memory. It may set a register.
    Atomic {
        base: u8,
        off: i16,
        width: u32,
        sets: Option<u8>,
    },
    /// Goes on so many places behind the next one.
    Jump {
        by: i32,
    },
    /// Likewise, or with the next one. `equal` is what a register is where it goes on elsewhere, and
    /// `unequal` is what one is where it goes on with the next.
    Branch {
        by: i32,
        equal: Option<(u8, i32)>,
        unequal: Option<(u8, i32)>,
    },
    /// A call of a helper by its number, unless a relocation says otherwise.
    Helper {
        number: i32,
    },
    /// A call of a function of the object, or of the kernel where a relocation says so.
    Call,
    /// A call through a register, or one of a kernel function.
    OtherCall,
    Exit,
    /// Nothing that is known here.
    Unknown,
}

const ADD: u8 = 0x00;
const DIV: u8 = 0x30;
const MOD: u8 = 0x90;
const NEG: u8 = 0x80;
const MOV: u8 = 0xb0;
const ARSH: u8 = 0xc0;
const END: u8 = 0xd0;

impl Instruction {
    pub(crate) fn decode(raw: Raw) -> Self {
        const LAST_REGISTER: u8 = 10;
        if raw.dst > LAST_REGISTER || raw.src > LAST_REGISTER {
            return Self::Unknown;
        }
        match raw.opcode & 0x07 {
            0x00 => load_special(raw),
            0x01 => load(raw),
            0x02 => store(raw, Operand::Immediate(raw.imm)),
            0x03 if raw.opcode & 0xe0 == 0xc0 => atomic(raw),
            0x03 => store(raw, Operand::Register(raw.src)),
            0x04 => arithmetic(raw, true),
            0x05 => jump(raw, false),
            0x06 => jump(raw, true),
            _ => arithmetic(raw, false),
        }
    }
}

fn operand(raw: Raw) -> Operand {
    match raw.opcode & 0x08 {
        0 => Operand::Immediate(raw.imm),
        _ => Operand::Register(raw.src),
    }
}

fn width(code: u8) -> u32 {
    match code & 0x18 {
        0x00 => 4,
        0x08 => 2,
        0x10 => 1,
        _ => 8,
    }
}

fn load_special(raw: Raw) -> Instruction {
    match raw.opcode {
        LOAD_IMM64 => Instruction::Wide {
            dst: raw.dst,
            low: raw.imm,
        },
        // BPF_ABS and BPF_IND, of up to four bytes.
        0x20 | 0x28 | 0x30 | 0x40 | 0x48 | 0x50 => Instruction::Packet,
        _ => Instruction::Unknown,
    }
}

fn load(raw: Raw) -> Instruction {
    let is_signed = match raw.opcode & 0xe0 {
        0x60 => false,
        // BPF_MEMSX
        0x80 if width(raw.opcode) < 8 => true,
        _ => return Instruction::Unknown,
    };
    Instruction::Load {
        dst: raw.dst,
        base: raw.src,
        off: raw.offset,
        width: width(raw.opcode),
        is_signed,
    }
}

fn store(raw: Raw, value: Operand) -> Instruction {
    match raw.opcode & 0xe0 {
        0x60 => Instruction::Store {
            base: raw.dst,
            off: raw.offset,
            width: width(raw.opcode),
            value,
        },
        _ => Instruction::Unknown,
    }
}

fn atomic(raw: Raw) -> Instruction {
    const FETCH: i32 = 0x01;
    const COMPARE_EXCHANGE: i32 = 0xf1;
    const LOAD_ACQUIRE: i32 = 0x100;
    const STORE_RELEASE: i32 = 0x110;
    let (base, sets) = match raw.imm {
        LOAD_ACQUIRE => (raw.src, Some(raw.dst)),
        STORE_RELEASE => (raw.dst, None),
        COMPARE_EXCHANGE => (raw.dst, Some(0)),
        imm if imm & FETCH != 0 => (raw.dst, Some(raw.src)),
        _ => (raw.dst, None),
    };
    Instruction::Atomic {
        base,
        off: raw.offset,
        width: width(raw.opcode),
        sets,
    }
}

fn arithmetic(raw: Raw, is_32: bool) -> Instruction {
    let operation = raw.opcode & 0xf0;
    let dst = raw.dst;
    match operation {
        MOV => {
            let bits = match raw.offset {
                0 if is_32 => 32,
                0 => 64,
                8 => 8,
                16 => 16,
                32 => 32,
                // A cast between address spaces.
                1 => return Instruction::Forget { dst },
                _ => return Instruction::Unknown,
            };
            Instruction::Move {
                dst,
                operand: operand(raw),
                bits,
                is_32,
            }
        }
        // Byte swaps.
        END => Instruction::Forget { dst },
        // Signed division has an offset of 1.
        DIV | MOD if raw.offset != 0 => Instruction::Forget { dst },
        ADD..=ARSH => Instruction::Arithmetic {
            dst,
            operand: match operation {
                NEG => Operand::Immediate(0),
                _ => operand(raw),
            },
            operation,
            is_32,
        },
        _ => Instruction::Unknown,
    }
}

fn jump(raw: Raw, is_32: bool) -> Instruction {
    const CALL: u8 = 0x80;
    const EXIT: u8 = 0x90;
    const MAY_GOTO: u8 = 0xe0;
    let by = i32::from(raw.offset);
    let is_register = raw.opcode & 0x08 != 0;
    let constant = (!is_register && !is_32).then_some((raw.dst, raw.imm));
    let branch = |equal, unequal| Instruction::Branch { by, equal, unequal };
    match raw.opcode & 0xf0 {
        // A jump through a register goes where a table in memory says.
        0x00 if is_register => Instruction::Unknown,
        0x00 if is_32 => Instruction::Jump { by: raw.imm },
        0x00 => Instruction::Jump { by },
        0x10 => branch(constant, None),
        0x50 => branch(None, constant),
        CALL if is_32 => Instruction::Unknown,
        CALL if is_register => Instruction::OtherCall,
        CALL => match raw.src {
            0 => Instruction::Helper { number: raw.imm },
            _ if raw.is_local_call() => Instruction::Call,
            _ => Instruction::OtherCall,
        },
        EXIT if !is_32 => Instruction::Exit,
        MAY_GOTO if !is_32 => branch(None, None),
        0x20..=0x40 | 0x60 | 0x70 | 0xa0..=0xd0 => branch(None, None),
        _ => Instruction::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: [u8; 8], order: ByteOrder) -> Instruction {
        Instruction::decode(Raw::at(&bytes, 0, order).unwrap())
    }

    #[test]
    fn either_byte_order() {
        let load = Instruction::Load {
            dst: 2,
            base: 1,
            off: 16,
            width: 8,
            is_signed: false,
        };
        assert_eq!(
            decode([0x79, 0x12, 16, 0, 0, 0, 0, 0], ByteOrder::Little),
            load
        );
        assert_eq!(
            decode([0x79, 0x21, 0, 16, 0, 0, 0, 0], ByteOrder::Big),
            load
        );
    }

    #[test]
    fn of_later_instruction_sets() {
        let decode = |bytes| decode(bytes, ByteOrder::Little);
        let cases = [
            // r2 = *(s8 *)(r1 + 4)
            (
                [0x91, 0x12, 4, 0, 0, 0, 0, 0],
                Instruction::Load {
                    dst: 2,
                    base: 1,
                    off: 4,
                    width: 1,
                    is_signed: true,
                },
            ),
            // gotol -2
            (
                [0x06, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff],
                Instruction::Jump { by: -2 },
            ),
            // may_goto +3
            (
                [0xe5, 0, 3, 0, 0, 0, 0, 0],
                Instruction::Branch {
                    by: 3,
                    equal: None,
                    unequal: None,
                },
            ),
            // callx r1
            ([0x8d, 0x01, 0, 0, 0, 0, 0, 0], Instruction::OtherCall),
            // r0 = load_acquire((u64 *)(r1 + 8))
            (
                [0xdb, 0x10, 8, 0, 0, 1, 0, 0],
                Instruction::Atomic {
                    base: 1,
                    off: 8,
                    width: 8,
                    sets: Some(0),
                },
            ),
            // r3 = (s16)r1
            (
                [0xbf, 0x13, 16, 0, 0, 0, 0, 0],
                Instruction::Move {
                    dst: 3,
                    operand: Operand::Register(1),
                    bits: 16,
                    is_32: false,
                },
            ),
            ([0xff; 8], Instruction::Unknown),
            // A load of the kernel's own kind.
            ([0x39, 0x12, 0, 0, 0, 0, 0, 0], Instruction::Unknown),
            // A register that there is not.
            ([0x79, 0x1b, 0, 0, 0, 0, 0, 0], Instruction::Unknown),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(bytes), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn every_byte_is_an_instruction_or_none() {
        for code in 0..=u8::MAX {
            for regs in [0x00, 0x21, 0xff] {
                decode([code, regs, 1, 2, 3, 4, 5, 6], ByteOrder::Little);
            }
        }
        assert_eq!(Raw::at(&[0; 15], 1, ByteOrder::Little), None);
        assert_eq!(Raw::at(&[0; 16], usize::MAX, ByteOrder::Little), None);
    }
}

//! Runs BPF functions: as much of the instruction set as reading a context takes.

use ctxgen::ByteOrder;

/// Where a function's memory is, for it.
const CONTEXT: u64 = 0x1000_0000;
const OUT: u64 = 0x2000_0000;
const STACK: u64 = 0x3000_0000;
/// The stack's size in bytes; the frame pointer is at its end.
const STACK_LEN: u64 = 512;
/// More instructions than any of these functions has.
const MAX_STEPS: usize = 1000;

/// A function's instructions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Function<'a> {
    /// Its target's byte order.
    pub(crate) order: ByteOrder,
    /// Eight bytes each.
    pub(crate) code: &'a [u8],
}

/// A load from the context: offset and size in bytes.
pub(crate) type Load = (u64, usize);

/// One instruction.
#[derive(Clone, Copy, Debug)]
struct Instruction {
    code: u8,
    dst: usize,
    src: usize,
    offset: i16,
    imm: i32,
}

/// What a function sees.
struct Machine<'a> {
    order: ByteOrder,
    registers: [u64; 11],
    context: &'a [u8],
    out: &'a mut [u8],
    stack: [u8; STACK_LEN as usize],
    loads: Vec<Load>,
}

impl Function<'_> {
    /// Calls it with a context and with memory for its answer; what it loads from the context.
    ///
    /// # Panics
    /// If it does what such a function has no reason to.
    pub(crate) fn call(&self, context: &[u8], out: &mut [u8]) -> Vec<Load> {
        let mut machine = Machine {
            order: self.order,
            registers: [0; 11],
            context,
            out,
            stack: [0; STACK_LEN as usize],
            loads: Vec::new(),
        };
        machine.registers[1] = CONTEXT;
        machine.registers[2] = OUT;
        machine.registers[10] = STACK + STACK_LEN;
        let mut at = 0;
        for _ in 0..MAX_STEPS {
            let instruction = self.instruction(at);
            at += 1;
            if instruction.code == 0x95 {
                return machine.loads;
            }
            if machine.step(instruction) {
                at = at
                    .checked_add_signed(instruction.offset.into())
                    .expect("a place");
            }
        }
        panic!("no end after {MAX_STEPS} instructions");
    }

    fn instruction(&self, at: usize) -> Instruction {
        let bytes: [u8; 8] = self.code[8 * at..8 * at + 8].try_into().expect("8 bytes");
        let [code, registers, o0, o1, i0, i1, i2, i3] = bytes;
        let (low, high) = ((registers & 0xf).into(), (registers >> 4).into());
        match self.order {
            ByteOrder::Little => Instruction {
                code,
                dst: low,
                src: high,
                offset: i16::from_le_bytes([o0, o1]),
                imm: i32::from_le_bytes([i0, i1, i2, i3]),
            },
            ByteOrder::Big => Instruction {
                code,
                dst: high,
                src: low,
                offset: i16::from_be_bytes([o0, o1]),
                imm: i32::from_be_bytes([i0, i1, i2, i3]),
            },
        }
    }
}

impl Machine<'_> {
    /// Whether the instruction is a jump that is taken.
    fn step(&mut self, instruction: Instruction) -> bool {
        let Instruction {
            code,
            dst,
            src,
            offset,
            imm,
        } = instruction;
        // An immediate is widened with its sign.
        let imm = i64::from(imm).cast_unsigned();
        let operand = if code & 8 == 0 {
            imm
        } else {
            self.registers[src]
        };
        let size = match code >> 3 & 3 {
            0 => 4,
            1 => 2,
            2 => 1,
            _ => 8,
        };
        let at = |base: u64| base.wrapping_add_signed(offset.into());
        match code & 7 {
            1 => {
                let base = self.registers[src];
                // The verifier takes no context pointer that was added to.
                assert!(
                    !(CONTEXT + 1..OUT).contains(&base),
                    "a load through a modified context pointer"
                );
                self.registers[dst] = self.load(at(base), size);
            }
            2 => self.store(at(self.registers[dst]), size, imm),
            3 => self.store(at(self.registers[dst]), size, self.registers[src]),
            4 => {
                let value = alu(code >> 4, narrow(self.registers[dst]), narrow(operand), 32);
                self.registers[dst] = narrow(value);
            }
            7 => self.registers[dst] = alu(code >> 4, self.registers[dst], operand, 64),
            5 => return jump(code >> 4, self.registers[dst], operand),
            6 => return jump(code >> 4, narrow(self.registers[dst]), narrow(operand)),
            class => panic!("instruction class {class}"),
        }
        false
    }

    fn load(&mut self, address: u64, size: usize) -> u64 {
        if let Some(offset) = address.checked_sub(CONTEXT).filter(|_| address < OUT) {
            self.loads.push((offset, size));
        }
        let bytes = self.memory(address, size);
        match self.order {
            ByteOrder::Little => bytes
                .iter()
                .rfold(0, |value, byte| value << 8 | u64::from(*byte)),
            ByteOrder::Big => bytes
                .iter()
                .fold(0, |value, byte| value << 8 | u64::from(*byte)),
        }
    }

    fn store(&mut self, address: u64, size: usize, value: u64) {
        let mut bytes = value.to_le_bytes()[..size].to_vec();
        if self.order == ByteOrder::Big {
            bytes.reverse();
        }
        let memory = match address {
            STACK.. => &mut self.stack[(address - STACK) as usize..],
            OUT.. => &mut self.out[(address - OUT) as usize..],
            _ => panic!("a store to {address:#x}"),
        };
        memory[..size].copy_from_slice(&bytes);
    }

    fn memory(&self, address: u64, size: usize) -> &[u8] {
        let memory = match address {
            STACK.. => &self.stack[(address - STACK) as usize..],
            OUT.. => &self.out[(address - OUT) as usize..],
            _ => &self.context[(address - CONTEXT) as usize..],
        };
        &memory[..size]
    }
}

/// A 32-bit register.
fn narrow(value: u64) -> u64 {
    value & 0xffff_ffff
}

fn alu(operation: u8, left: u64, right: u64, bits: u32) -> u64 {
    let shift = right & u64::from(bits - 1);
    match operation {
        0x0 => left.wrapping_add(right),
        0x1 => left.wrapping_sub(right),
        0x4 => left | right,
        0x5 => left & right,
        0x6 => left << shift,
        0x7 => left >> shift,
        0xa => left ^ right,
        0xb => right,
        0xc if bits == 64 => (left.cast_signed() >> shift).cast_unsigned(),
        0xc => u64::from(((left as u32).cast_signed() >> shift).cast_unsigned()),
        operation => panic!("arithmetic {operation:#x}"),
    }
}

fn jump(operation: u8, left: u64, right: u64) -> bool {
    match operation {
        0x0 => true,
        0x1 => left == right,
        0x2 => left > right,
        0x3 => left >= right,
        0x4 => left & right != 0,
        0x5 => left != right,
        0xa => left < right,
        0xb => left <= right,
        operation => panic!("jump {operation:#x}"),
    }
}

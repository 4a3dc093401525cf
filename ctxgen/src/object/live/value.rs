//! What is known of registers, and what instructions make of it.

use libbpf_rs::libbpf_sys;

use super::Raw;

/// How many registers there are, the frame pointer included.
pub(super) const REGISTERS: usize = 11;
/// What is known of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Constant(u64),
    /// A pointer to the context, or into it.
    Context,
    Any,
}

pub(super) type Registers = [Value; REGISTERS];

pub(super) fn get(registers: &Registers, number: u8) -> Value {
    let known = registers.get(usize::from(number));
    known.copied().unwrap_or(Value::Any)
}

pub(super) fn set(registers: &mut Registers, number: u8, value: Value) {
    if let Some(register) = registers.get_mut(usize::from(number)) {
        *register = value;
    }
}

/// Whether the second operand is a register.
fn has_source(instruction: Raw) -> bool {
    u32::from(instruction.opcode) & libbpf_sys::BPF_X != 0
}

/// The number that an instruction has.
pub(super) fn number(instruction: Raw) -> Value {
    Value::Constant(i64::from(instruction.imm).cast_unsigned())
}

fn operands(instruction: Raw, registers: &Registers, number: Value) -> (Value, Value) {
    let second = match has_source(instruction) {
        true => get(registers, instruction.src),
        false => number,
    };
    (get(registers, instruction.dst), second)
}

/// What an arithmetic instruction leaves in its register.
pub(super) fn computed(instruction: Raw, registers: &Registers, number: Value) -> Value {
    let opcode = u32::from(instruction.opcode);
    let is_wide = opcode & 0x07 == libbpf_sys::BPF_ALU64;
    let op = opcode & 0xf0;
    let (first, second) = operands(instruction, registers, number);
    // Sign extensions and casts between address spaces are moves with an offset.
    if op == libbpf_sys::BPF_MOV && instruction.offset == 0 {
        return match (second, is_wide) {
            (Value::Constant(value), false) => Value::Constant(value & 0xffff_ffff),
            (Value::Context, false) => Value::Any,
            (value, _) => value,
        };
    }
    let absorbs = matches!(op, libbpf_sys::BPF_AND | libbpf_sys::BPF_MUL);
    match (first, second) {
        (Value::Constant(0), _) | (_, Value::Constant(0)) if absorbs => Value::Constant(0),
        (Value::Constant(first), Value::Constant(second)) => {
            calculated(op, first, second, is_wide).map_or(Value::Any, Value::Constant)
        }
        // With something added, it is a pointer into it.
        (Value::Context, _) | (_, Value::Context) => Value::Context,
        _ => Value::Any,
    }
}

fn calculated(op: u32, first: u64, second: u64, is_wide: bool) -> Option<u64> {
    let (first, second) = match is_wide {
        true => (first, second),
        false => (first & 0xffff_ffff, second & 0xffff_ffff),
    };
    let bits = second as u32 & if is_wide { 63 } else { 31 };
    let value = match op {
        libbpf_sys::BPF_ADD => first.wrapping_add(second),
        libbpf_sys::BPF_SUB => first.wrapping_sub(second),
        libbpf_sys::BPF_MUL => first.wrapping_mul(second),
        libbpf_sys::BPF_OR => first | second,
        libbpf_sys::BPF_AND => first & second,
        libbpf_sys::BPF_XOR => first ^ second,
        libbpf_sys::BPF_LSH => first << bits,
        libbpf_sys::BPF_RSH => first >> bits,
        libbpf_sys::BPF_NEG => first.wrapping_neg(),
        libbpf_sys::BPF_ARSH if is_wide => (first.cast_signed() >> bits).cast_unsigned(),
        libbpf_sys::BPF_ARSH => u64::from(((first as u32).cast_signed() >> bits).cast_unsigned()),
        _ => return None,
    };
    Some(match is_wide {
        true => value,
        false => value & 0xffff_ffff,
    })
}

/// Whether a conditional jump is made, where that is known.
pub(super) fn holds(instruction: Raw, registers: &Registers) -> Option<bool> {
    let opcode = u32::from(instruction.opcode);
    let (Value::Constant(first), Value::Constant(second)) =
        operands(instruction, registers, number(instruction))
    else {
        return None;
    };
    let is_wide = opcode & 0x07 == libbpf_sys::BPF_JMP;
    let (first, second) = match is_wide {
        true => (first, second),
        false => (first & 0xffff_ffff, second & 0xffff_ffff),
    };
    let signed = |value: u64| match is_wide {
        true => value.cast_signed(),
        false => i64::from((value as u32).cast_signed()),
    };
    let (less, equal) = (first < second, first == second);
    let signed_less = signed(first) < signed(second);
    Some(match opcode & 0xf0 {
        libbpf_sys::BPF_JEQ => equal,
        libbpf_sys::BPF_JNE => !equal,
        libbpf_sys::BPF_JGT => !less && !equal,
        libbpf_sys::BPF_JGE => !less,
        libbpf_sys::BPF_JLT => less,
        libbpf_sys::BPF_JLE => less || equal,
        libbpf_sys::BPF_JSGT => !signed_less && !equal,
        libbpf_sys::BPF_JSGE => !signed_less,
        libbpf_sys::BPF_JSLT => signed_less,
        libbpf_sys::BPF_JSLE => signed_less || equal,
        libbpf_sys::BPF_JSET => first & second != 0,
        _ => return None,
    })
}

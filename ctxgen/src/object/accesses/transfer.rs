//! What instructions do to registers and stacks.

use super::state::State;
use super::value::Numbers;
use super::value::Value;
use crate::object::instruction::Operand;

const ADD: u8 = 0x00;
const SUB: u8 = 0x10;
const MUL: u8 = 0x20;
const OR: u8 = 0x40;
const AND: u8 = 0x50;
const LSH: u8 = 0x60;
const RSH: u8 = 0x70;
const NEG: u8 = 0x80;
const XOR: u8 = 0xa0;
const ARSH: u8 = 0xc0;

pub(super) fn value_of(state: &State, operand: Operand) -> Value {
    match operand {
        Operand::Register(register) => state.get(register).clone(),
        Operand::Immediate(imm) => Value::number(imm.into()),
    }
}

/// What a register is set to, of which so many bits are taken.
pub(super) fn moved(value: Value, bits: u32, is_32: bool) -> Value {
    if bits == 64 {
        return value;
    }
    match value {
        Value::Read(origin) => return Value::Read(origin.cut()),
        Value::Constant(_) => return value,
        _ => {}
    }
    let Value::Number(numbers) = value.plain() else {
        return Value::ANY;
    };
    let unused = 64 - bits.min(64);
    let is_extended = !(is_32 && bits == 32);
    let zero = Numbers::One(0);
    let cut = |number: i64, _: i64| {
        let extended = match is_extended {
            true => (number << unused) >> unused,
            false => number,
        };
        Some(if is_32 { lower(extended) } else { extended })
    };
    Value::Number(numbers.combine(&zero, cut))
}

/// What an operation makes of a register.
pub(super) fn computed(dst: &Value, operand: &Value, operation: u8, is_32: bool) -> Value {
    let (dst, operand) = (&dst.settled(), &operand.settled());
    if !is_32 {
        match (operation, operand) {
            (ADD, _) => return dst.moved(operand),
            (SUB, _) => {
                if let Value::Number(by) = operand.plain() {
                    let zero = Numbers::One(0);
                    let negative = by.combine(&zero, |by, _| Some(by.wrapping_neg()));
                    return dst.moved(&Value::Number(negative));
                }
            }
            _ => {}
        }
    }
    if let (Value::Constant(_), Value::Number(_)) = (dst, operand) {
        return dst.clone();
    }
    if let Value::Read(origin) = dst {
        let masked = match operand {
            Value::Number(Numbers::One(mask)) if operation == AND => Numbers::masked(*mask),
            _ => Numbers::Any,
        };
        if masked == Numbers::Any {
            return Value::Read(origin.calculated());
        }
    }
    let (dst, operand) = (&dst.plain(), &operand.plain());
    if operation == AND
        && let Value::Number(Numbers::One(mask)) = operand
        && matches!(dst, Value::Number(Numbers::Any) | Value::Other)
    {
        let mask = if is_32 { lower(*mask) } else { *mask };
        return Value::Number(Numbers::masked(mask));
    }
    match (dst, operand) {
        (Value::Number(a), Value::Number(b)) => {
            Value::Number(a.combine(b, |a, b| calculated(a, b, operation, is_32)))
        }
        _ => Value::ANY,
    }
}

fn calculated(a: i64, b: i64, operation: u8, is_32: bool) -> Option<i64> {
    let (a, b) = match is_32 {
        true => (lower(a), lower(b)),
        false => (a, b),
    };
    let bits = if is_32 { 31 } else { 63 };
    let shift = (b & bits) as u32;
    let result = match operation {
        ADD => a.wrapping_add(b),
        SUB => a.wrapping_sub(b),
        MUL => a.wrapping_mul(b),
        OR => a | b,
        AND => a & b,
        XOR => a ^ b,
        NEG => a.wrapping_neg(),
        LSH => a.wrapping_shl(shift),
        RSH => (a as u64).wrapping_shr(shift) as i64,
        ARSH if is_32 => i64::from((a as i32).wrapping_shr(shift)),
        ARSH => a.wrapping_shr(shift),
        _ => return None,
    };
    Some(if is_32 { lower(result) } else { result })
}

/// The lower half, as an operation of 32 bits leaves it.
fn lower(number: i64) -> i64 {
    number & i64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_of_constants() {
        let cases = [
            (ADD, false, 8, 16, 24),
            (SUB, false, 8, 16, -8),
            (SUB, true, 8, 16, 0xffff_fff8),
            (MUL, false, 3, 8, 24),
            (LSH, false, 1, 3, 8),
            (LSH, true, 1, 35, 8),
            (RSH, false, -1, 60, 15),
            (RSH, true, -1, 28, 15),
            (ARSH, false, -64, 3, -8),
            (ARSH, true, 0xffff_ffc0, 3, 0xffff_fff8),
            (AND, false, 0xff, 0x18, 0x18),
            (XOR, false, 8, 24, 16),
            (NEG, false, 8, 0, -8),
        ];
        for (operation, is_32, a, b, expected) in cases {
            let (a, b) = (Value::number(a), Value::number(b));
            assert_eq!(
                computed(&a, &b, operation, is_32),
                Value::number(expected),
                "{operation:#x} {is_32}"
            );
        }
    }

    #[test]
    fn a_context_goes_through_additions_only() {
        let context = Value::CONTEXT;
        let eight = Value::number(8);
        let at = |offset| Value::Context(Numbers::One(offset));
        assert_eq!(computed(&context, &eight, ADD, false), at(8));
        assert_eq!(computed(&eight, &context, ADD, false), at(8));
        assert_eq!(computed(&context, &eight, SUB, false), at(-8));
        assert_eq!(computed(&eight, &context, SUB, false), Value::ANY);
        assert_eq!(computed(&context, &eight, ADD, true), Value::ANY);
        assert_eq!(computed(&context, &eight, OR, false), Value::ANY);
        assert_eq!(moved(context.clone(), 64, false), context);
        assert_eq!(moved(context, 32, true), Value::ANY);
    }

    #[test]
    fn parts_of_constants() {
        assert_eq!(
            moved(Value::number(-1), 32, true),
            Value::number(0xffff_ffff)
        );
        assert_eq!(moved(Value::number(0xff), 8, false), Value::number(-1));
        assert_eq!(
            moved(Value::number(0xff), 8, true),
            Value::number(0xffff_ffff)
        );
    }
}

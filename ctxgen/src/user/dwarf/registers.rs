//! The registers that debug information has a function's arguments in where it is entered.

use gimli::AttributeValue;
use gimli::Operation;

use super::program::At;
use super::program::Entry;
use super::program::Program;
use super::program::Slice;

/// The longest list of places that is looked at: the first ones are those of a function's start.
const MAX_PLACES: usize = 64;

/// Where an argument is when a function is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// In this register, by DWARF's number.
    Register(u16),
    /// In no single register: on the stack, or DWARF does not cover the function's start.
    Elsewhere,
    /// DWARF has no location: the argument was removed.
    Nowhere,
}

/// Where the parameter is at this address.
pub(super) fn at_entry(program: &Program<'_>, at: At, param: &Entry<'_>, address: u64) -> Found {
    // What is always the same number need not be passed.
    let Some(value) = param.attr_value(gimli::DW_AT_location) else {
        return Found::Nowhere;
    };
    let unit = program.unit(at);
    let register = |place: gimli::Expression<Slice<'_>>| {
        let mut operations = place.operations(unit.encoding());
        match (operations.next(), operations.next()) {
            (Ok(Some(Operation::Register { register })), Ok(None)) => Found::Register(register.0),
            _ => Found::Elsewhere,
        }
    };
    if let AttributeValue::Exprloc(place) = value {
        return register(place);
    }
    let Ok(Some(mut places)) = program.dwarf(at).attr_locations(unit, value) else {
        return Found::Elsewhere;
    };
    for _ in 0..MAX_PLACES {
        match places.next() {
            Ok(Some(place)) if (place.range.begin..place.range.end).contains(&address) => {
                return register(place.data);
            }
            Ok(Some(_)) => {}
            _ => break,
        }
    }
    Found::Elsewhere
}

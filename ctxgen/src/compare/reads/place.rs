//! What the place of a read alone tells.

use crate::hook::Passing;
use crate::layout::SLOT;
use crate::object::meant::Taken;
use crate::object::reads::ProgramReads;

use super::Unknown;
use super::Verdict;
use super::arguments::Passed;
use super::decision::unknown;
use super::spot::Registers;

/// A verdict that the place alone gives.
pub(super) fn of_place(
    registers: Option<&Registers>,
    program: &ProgramReads,
    passed: &Passed<'_>,
    offset: u32,
    found: Option<usize>,
) -> Option<Verdict> {
    if passed.is_stable {
        return Some(Verdict::Same);
    }
    let taken = program.meant.context;
    match passed.passing {
        Passing::Registers => {
            let Some(registers) = registers else {
                return Some(unknown(Unknown::Register));
            };
            let is_argument = registers.number(offset).is_some();
            let is_returned = registers.is_returned(offset);
            match taken {
                // Slots of 8 bytes from the start are not the registers of arguments, but on s390x,
                // arm64 and the like, where some are.
                Taken::Slots if !(is_argument || passed.is_of_return() && is_returned) => {
                    Some(Verdict::AnotherValue)
                }
                Taken::Slots => Some(unknown(Unknown::Register)),
                _ if passed.is_of_return() => match (is_returned, is_argument) {
                    // There is nothing else that can be meant.
                    (true, _) if program.meant.arguments.is_empty() => Some(match found {
                        Some(_) => Verdict::Same,
                        None => Verdict::Gone,
                    }),
                    (true, _) => None,
                    (false, true) => Some(unknown(Unknown::Register)),
                    (false, false) => Some(Verdict::Same),
                },
                _ if passed.is_system_call && is_argument => Some(Verdict::Same),
                _ => match (is_argument, is_returned) {
                    (true, _) if found.is_none() && passed.is_partial => {
                        Some(unknown(Unknown::Register))
                    }
                    (true, _) => None,
                    (false, true) => Some(unknown(Unknown::Register)),
                    // The instruction pointer, the stack pointer and the like.
                    (false, false) => Some(Verdict::Same),
                },
            }
        }
        Passing::Slots if found.is_none() && passed.is_partial => {
            Some(unknown(Unknown::NotDescribed))
        }
        Passing::Slots if taken == Taken::Registers => Some(Verdict::AnotherValue),
        Passing::Slots => None,
        // What all records start with.
        Passing::Memory if offset < SLOT => Some(Verdict::Same),
        Passing::Memory if found.is_none() || taken == Taken::Slots => {
            Some(unknown(Unknown::NotDescribed))
        }
        Passing::Memory => None,
    }
}

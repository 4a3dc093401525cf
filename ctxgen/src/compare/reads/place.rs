//! What the place of a read alone tells, and what the use of its value does.

use std::collections::BTreeSet;

use crate::hook::Passing;
use crate::layout::SLOT;
use crate::object::ObjectFile;
use crate::object::meant::Meaning;
use crate::object::meant::PointsTo;
use crate::object::meant::Taken;
use crate::object::meant::tag;
use crate::object::reads::ProgramReads;
use crate::object::reads::Use;

use super::Unknown;
use super::Verdict;
use super::arguments::Passed;
use super::decision::unknown;
use super::spot::Registers;

/// A verdict that the place alone gives: where it is, and whether the object's struct of registers has a name for
/// it.
pub(super) fn of_place(
    registers: Option<&Registers>,
    program: &ProgramReads,
    passed: &Passed<'_>,
    (offset, is_named): (u32, bool),
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
            // The instruction pointer, the stack pointer and the like, or what the author has a name for.
            let neither = || match is_named || registers.is_other(offset) {
                true => Verdict::Same,
                false => unknown(Unknown::Register),
            };
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
                    (false, false) => Some(neither()),
                },
                _ if passed.is_system_call && is_argument => Some(Verdict::Same),
                _ => match (is_argument, is_returned) {
                    (true, _) if found.is_none() && passed.is_partial => {
                        Some(unknown(Unknown::Register))
                    }
                    (true, _) => None,
                    (false, true) => Some(unknown(Unknown::Register)),
                    (false, false) => Some(neither()),
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

/// What the object's struct of registers has there.
pub(super) fn register_of(
    object: &ObjectFile,
    program: &ProgramReads,
    offset: u32,
) -> Option<String> {
    let context = object.programs()[program.program].context;
    let context = context.filter(|_| program.meant.context == Taken::Registers)?;
    Some(object.field_at(context, offset)?.path)
}

/// Whether the object's struct of registers has another one there than the kernel's.
pub(super) fn is_another_register(
    object: &ObjectFile,
    program: &ProgramReads,
    offset: u32,
    passed: &Passed<'_>,
) -> bool {
    let ours = register_of(object, program, offset);
    let theirs = Passed::register(passed.kernel, offset);
    // User space has `rdi` where the kernel has `di`.
    let plain = |name: &str| name.strip_prefix('r').unwrap_or(name).to_owned();
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => {
            let (ours, theirs) = (plain(&ours), plain(&theirs));
            let is_part = |a: &str, b: &str| a.ends_with(b) || b.ends_with(a);
            !is_part(&ours, &theirs)
        }
        _ => false,
    }
}

/// What the program's use of a value says that it takes it for.
pub(super) fn used_as(object: &ObjectFile, uses: &BTreeSet<Use>) -> Option<Meaning> {
    let btf = object.btf();
    let roots = uses.iter().filter_map(|used| match used {
        Use::FieldLoaded(root) | Use::FieldAddressed(root) => btf.get(*root),
        _ => None,
    });
    let tags: BTreeSet<String> = roots.filter_map(|ty| tag(ty.name())).collect();
    let is_followed = uses.contains(&Use::Followed);
    match tags.len() {
        0 => is_followed.then_some(Meaning::Pointer(PointsTo::Other)),
        1 => tags
            .into_iter()
            .next()
            .map(|tag| Meaning::Pointer(PointsTo::Tag(tag))),
        _ => Some(Meaning::Pointer(PointsTo::Other)),
    }
}

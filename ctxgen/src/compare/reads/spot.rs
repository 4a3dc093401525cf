//! What the author meant by a part of the context.

use crate::hook::Passing;
use crate::hook::Returned;
use crate::kernel::KernelBtf;
use crate::layout::Purpose;
use crate::layout::RET;
use crate::layout::SLOT;
use crate::layout::SavedRegisters;
use crate::layout::argument_registers;
use crate::object::ObjectFile;
use crate::object::meant::Declared;
use crate::object::meant::Meaning;
use crate::object::meant::Meant;
use crate::object::meant::Taken;
use crate::object::reads::Spot;

use super::Place;
use super::arguments::Passed;

/// What authors call the returned value.
const RETURNED: &[&str] = &[
    RET,
    "retval",
    "ret_val",
    "rc",
    "rv",
    "retv",
    "return_value",
    "retcode",
    "ret_code",
];

/// What an author means by a part of the context.
#[derive(Clone, Debug)]
pub(super) struct Here {
    pub(super) name: Option<String>,
    pub(super) meaning: Meaning,
    /// Whether it is what the function returns.
    pub(super) is_result: bool,
    /// Whether arguments are declared behind it, so that it cannot be that.
    pub(super) is_followed: bool,
    /// The names of the other arguments that are declared.
    pub(super) others: Vec<String>,
}

/// Where the registers that carry arguments are.
pub(super) struct Registers {
    pub(super) arguments: Vec<u32>,
    pub(super) returned: u32,
    saved: Option<&'static SavedRegisters>,
}

impl Registers {
    pub(super) fn of(kernel: &KernelBtf) -> Option<Self> {
        let (arguments, returned) = argument_registers(kernel)?;
        Some(Self {
            arguments,
            returned,
            saved: kernel.arch().and_then(SavedRegisters::of),
        })
    }

    pub(super) fn number(&self, offset: u32) -> Option<usize> {
        let within = |at: &u32| offset >= *at && offset - *at < SLOT;
        self.arguments.iter().position(within)
    }

    /// Whether it is the instruction pointer, the stack pointer or the like.
    pub(super) fn is_other(&self, offset: u32) -> bool {
        let purpose = self.saved.and_then(|saved| saved.purpose(offset, false));
        purpose == Some(Purpose::Other)
    }

    pub(super) fn is_returned(&self, offset: u32) -> bool {
        offset >= self.returned && offset - self.returned < SLOT
    }
}

/// The offset of what is read.
pub(super) fn offset(spot: Spot, passed: &Passed<'_>) -> Option<u32> {
    match spot {
        Spot::Bytes(at) => Some(at),
        Spot::Argument(number) => number.checked_mul(SLOT),
        Spot::Returned => {
            let result = passed.result().map(|place| passed.arguments[place].offset);
            Some(result.unwrap_or(passed.size))
        }
        Spot::Unknown => None,
    }
}

/// Where that is, for people.
pub(super) fn place(spot: Spot, offset: Option<u32>, passed: &Passed<'_>) -> Place {
    match (spot, offset) {
        (Spot::Returned, _) => Place::Returned,
        (_, None) => Place::Unknown,
        (_, Some(offset)) => match passed.passing {
            Passing::Slots => Place::Slot(offset / SLOT),
            Passing::Registers => {
                Passed::register(passed.kernel, offset).map_or(Place::Byte(offset), Place::Register)
            }
            Passing::Memory => Place::Byte(offset),
        },
    }
}

/// What the author means by what is so far behind the context's start; `None` where nothing says so.
pub(super) fn here(
    object: &ObjectFile,
    meant: &Meant,
    passed: &Passed<'_>,
    registers: Option<&Registers>,
    spot: Spot,
    offset: u32,
) -> Option<Here> {
    if spot == Spot::Returned {
        return Some(Here {
            name: None,
            meaning: last(meant, passed).map_or(Meaning::Unknown, |last| last.meaning.clone()),
            is_result: true,
            is_followed: false,
            others: Vec::new(),
        });
    }
    let takes = match meant.context {
        Taken::Unknown => match passed.passing {
            Passing::Slots => Taken::Slots,
            Passing::Registers => Taken::Registers,
            Passing::Memory => Taken::Unknown,
        },
        taken => taken,
    };
    match takes {
        Taken::Struct(id) => {
            let field = object.field_at(id, offset)?;
            let name = field.path.split(['.', '[']).next().unwrap_or_default();
            let is_result = name == RET && passed.family.returned() != Returned::No;
            Some(Here {
                name: Some(name.to_owned()).filter(|name| !name.is_empty()),
                meaning: Meaning::of(object.btf(), field.type_id),
                is_result,
                is_followed: !is_result,
                others: Vec::new(),
            })
        }
        Taken::Slots => {
            let slot = offset / SLOT;
            let mut next = 0;
            let place = meant.arguments.iter().position(|argument| {
                let first = next;
                next += argument.meaning.slots();
                (first..next).contains(&slot)
            })?;
            Some(declared(meant, passed, place))
        }
        Taken::Registers => {
            let registers = registers?;
            if passed.is_of_return() {
                return registers
                    .is_returned(offset)
                    .then(|| meant.arguments.first())
                    .flatten()
                    .map(|argument| Here {
                        name: argument.name.clone(),
                        meaning: argument.meaning.clone(),
                        is_result: true,
                        is_followed: false,
                        others: Vec::new(),
                    });
            }
            let number = registers.number(offset)?;
            (number < meant.arguments.len() && !meant.of_system_call)
                .then(|| declared(meant, passed, number))
        }
        Taken::Unknown => None,
    }
}

fn declared(meant: &Meant, passed: &Passed<'_>, place: usize) -> Here {
    let argument = &meant.arguments[place];
    let is_last = place + 1 == meant.arguments.len() && !meant.is_partial;
    let is_called_so = argument
        .name
        .as_deref()
        .is_some_and(|name| RETURNED.contains(&name));
    let may_read = matches!(passed.family.returned(), Returned::Value | Returned::Int);
    Here {
        name: argument.name.clone(),
        meaning: argument.meaning.clone(),
        is_result: is_last && is_called_so && may_read,
        is_followed: place + 1 < meant.arguments.len(),
        others: {
            let all = meant.arguments.iter().enumerate();
            let others = all.filter(|(other, _)| *other != place);
            others.filter_map(|(_, other)| other.name.clone()).collect()
        },
    }
}

/// The declared argument that is the returned value.
fn last<'m>(meant: &'m Meant, passed: &Passed<'_>) -> Option<&'m Declared> {
    let place = meant.arguments.len().checked_sub(1)?;
    declared(meant, passed, place)
        .is_result
        .then(|| &meant.arguments[place])
}

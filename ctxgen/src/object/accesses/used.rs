//! What is done with what was read of a context.

use crate::object::code::Place;

/// What is done with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum UseAt {
    /// Memory that it points to is read or written by this instruction.
    Followed(Place),
    /// The place of a field is calculated from it, which this relocated instruction has the offset of.
    Field(Place),
    /// It is handed to a helper, by the call here: number, argument, and whether something was added to it.
    Helper(Place, i32, u8, bool),
    /// It is handed to a function of the kernel's: the call and the argument.
    Kernel(Place, u8),
    /// It is compared.
    Compared,
    /// It is calculated with.
    Calculated,
    /// As it was read, it is calculated with in a way that the verifier allows with no pointer.
    Altered,
    /// It is stored.
    Stored,
    /// It is returned.
    Returned,
}

/// What a branch asks that is known before the program is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GuardAt {
    /// A variable of that number.
    Variable(u32),
    /// A relocated number, by the instruction that has it.
    Relocation(Place),
}

/// What a helper reads of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadBy {
    /// So many bytes of it, from there on; both as far as they are known.
    Copy { at: Option<i64>, width: Option<u32> },
    /// The argument of that number, from 0.
    Argument(Option<u32>),
    /// What the function has returned.
    Returned,
}

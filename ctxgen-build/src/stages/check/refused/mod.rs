//! Holds what programs do with their contexts against what the target kernels' verifiers take.
//!
//! What is an error here would be one when the program is loaded: then, the verifier names a register and an
//! offset, and not the line of the source.

mod advice;
mod arguments;
mod fields;
mod findings;
mod foreign;
mod global;
mod kernel;
mod kind;
mod marks;
mod null_args;
mod nullable;
mod numbers;
mod outside;
mod reads;
mod record;
mod rules;
mod single;
mod taken;
mod texts;

pub(crate) use self::foreign::Foreign;
pub(crate) use self::reads::Reads;
pub(super) use self::texts::Texts;

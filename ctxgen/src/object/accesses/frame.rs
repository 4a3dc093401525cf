//! Functions that are being called.

use super::state::Stacks;
use super::state::State;
use super::value::Value;
use crate::object::code::Place;

/// A function in a chain of calls.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) depth: usize,
    /// The frame that has called it, the place behind the call, and the states before the call, joined.
    pub(super) caller: Option<(u32, Place, State)>,
    /// What it has returned so far.
    pub(super) returned: Option<(Value, Stacks)>,
    /// Whether it is verified without the program, as a global function or by one.
    pub(super) is_apart: bool,
}

impl Frame {
    /// The program itself.
    pub(super) fn outermost() -> Self {
        Self {
            depth: 1,
            caller: None,
            returned: None,
            is_apart: false,
        }
    }
}

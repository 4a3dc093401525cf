//! The way into functions and back.

use super::frame::Frame;
use super::helper;
use super::origin::Origin;
use super::result::AccessKind;
use super::state::State;
use super::used::UseAt;
use super::value::Value;
use super::walk::Node;
use super::walk::Walk;
use crate::object::code::Place;
use crate::object::code::Target;
use crate::object::instruction::LAST_ARGUMENT;

/// How many calls are told apart in one program.
const FRAMES: usize = 1 << 9;
/// How deep functions call each other (`MAX_CALL_FRAMES` of `include/linux/bpf_verifier.h`).
const DEPTH: usize = 8;

impl Walk<'_> {
    /// A call of a helper, which may call a function of the program.
    pub(super) fn helper(&mut self, node: Node, number: i32, state: &mut State) -> Option<i64> {
        let arguments = helper::arguments(number);
        let kind = |argument| AccessKind::Helper { number, argument };
        self.hand_on(node.1, state, arguments, kind);
        self.used_by_call(node.1, state, arguments, Some(number));
        let read = self.read_by_helper(node.1, number, state);
        state.overwrite(arguments);
        if let Some((depth, at)) = read {
            let value = Value::Read(Origin::of(node.1));
            state.spill(depth, Some(at), 8, value);
        }
        if let Some((function, from, to)) = helper::callback(number)
            && let Value::Function(target) = *state.get(function)
        {
            let mut called = state.called();
            let passed = state.get(from).clone();
            for register in 1..=LAST_ARGUMENT {
                called.set(register, Value::Other);
            }
            called.set(to, passed);
            // It need not be called at all.
            self.enter(node, target, called, state);
        }
        *state = state.after_call(Value::From(node.1), None);
        Some(1)
    }

    pub(super) fn call(&mut self, node: Node, state: &mut State) -> Option<i64> {
        let (_, place) = node;
        if let Some(Target::Kernel { arguments }) = self.code.relocated(place) {
            let kind = |argument| AccessKind::KernelFunction { argument };
            self.hand_on(place, state, arguments, kind);
            self.used_by_call(place, state, arguments, None);
            state.overwrite(arguments);
            *state = state.after_call(Value::ANY, None);
            return Some(1);
        }
        if let Some(target) = self.code.target(place)
            && self.code.at(target).is_some()
        {
            let function = self.code.function_from(target);
            let arguments = function.map_or(LAST_ARGUMENT, |function| function.arguments);
            if function.is_some_and(|function| function.is_global) {
                self.note_global(place, state, arguments);
            }
            let kind = |argument| AccessKind::Function { argument };
            self.hand_on(place, state, arguments, kind);
            if self.enter(node, target, state.called(), state) {
                return None;
            }
        }
        self.give_up();
        *state = state.after_call(Value::ANY, None);
        Some(1)
    }

    /// Notes the call of a global function.
    fn note_global(&mut self, place: Place, state: &State, arguments: u8) {
        let passed = (1..=arguments.min(LAST_ARGUMENT)).map(|register| state.get(register));
        let passed: Vec<Value> = passed.cloned().collect();
        let known = self.walked.globals.entry(place).or_insert(passed.clone());
        for (known, passed) in known.iter_mut().zip(&passed) {
            *known = known.join(passed);
        }
    }

    /// Goes into a function; whether it is followed.
    fn enter(&mut self, call: Node, target: Place, called: State, before: &State) -> bool {
        let depth = self.frames[call.0 as usize].depth + 1;
        let known = self.calls.get(&call).copied();
        let frame = match known {
            Some(frame) => frame,
            None if depth > DEPTH || self.frames.len() >= FRAMES => {
                self.give_up();
                return false;
            }
            None => {
                let Some(back) = call.1.moved(1) else {
                    return false;
                };
                let frame = u32::try_from(self.frames.len()).unwrap_or(u32::MAX);
                self.calls.insert(call, frame);
                let function = self.code.function_from(target);
                let is_global = function.is_some_and(|function| function.is_global);
                self.frames.push(Frame {
                    depth,
                    caller: Some((call.0, back, before.clone())),
                    returned: None,
                    is_apart: is_global || self.frames[call.0 as usize].is_apart,
                });
                frame
            }
        };
        if let Some((_, _, known)) = &mut self.frames[frame as usize].caller {
            let joined = known.join(before);
            *known = joined;
        }
        self.arrive((frame, target), called);
        self.go_back(frame);
        true
    }

    pub(super) fn exit(&mut self, frame: u32, state: &State) {
        let (value, stacks) = state.returned();
        if self.frames[frame as usize].caller.is_none() {
            self.used(&value, UseAt::Returned);
        }
        let of = &mut self.frames[frame as usize];
        of.returned = Some(match &of.returned {
            Some((known, known_stacks)) => (known.join(&value), known_stacks.join(&stacks)),
            None => (value, stacks),
        });
        self.go_back(frame);
    }

    /// Goes on behind the call of a function, if it has returned yet.
    fn go_back(&mut self, frame: u32) {
        let of = &self.frames[frame as usize];
        if let (Some((caller, back, before)), Some((value, stacks))) = (&of.caller, &of.returned) {
            let state = before.after_call(value.clone(), Some(stacks.clone()));
            self.arrive((*caller, *back), state);
        }
    }
}

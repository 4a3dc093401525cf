//! The way through a program.
//!
//! What registers and stacks hold is kept for each instruction that is jumped to, and for each chain of
//! calls that leads there. Where two ways meet, what they hold is joined, and the way goes on from there
//! as long as that adds something. It adds something a bounded number of times: see
//! [`Value::join`](super::value::Value::join).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use super::frame::Frame;
use super::hints::Hints;
use super::jumps::Jumps;
use super::origin::Change;
use super::origin::Origin;
use super::result::AccessKind;
use super::result::Extent;
use super::state::State;
use super::transfer;
use super::used::GuardAt;
use super::used::ReadBy;
use super::used::UseAt;
use super::value::Numbers;
use super::value::Value;
use crate::object::code::Code;
use crate::object::code::Place;
use crate::object::code::Target;
use crate::object::instruction::Instruction;
use crate::object::instruction::LAST_ARGUMENT;
use crate::object::instruction::Operand;

/// How many instructions are followed in one program.
const PROGRAM_STEPS: usize = 1 << 20;
/// How many states are kept for one program, and how many places of stacks with them.
const STATES: usize = 1 << 15;
const PLACES: usize = 1 << 19;
/// How many uses of the context are noted in all programs of one object.
const RECORDS: usize = 1 << 16;

/// What is left for the programs of one object.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    records: usize,
}

impl Budget {
    pub(super) const fn of_object() -> Self {
        Self {
            steps: 4 * PROGRAM_STEPS,
            records: RECORDS,
        }
    }
}

/// One instruction's use of the context.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) base: Numbers,
    pub(super) is_certain: bool,
    pub(super) displacement: i16,
    pub(super) width: u32,
    pub(super) is_signed: bool,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Walked {
    pub(super) records: BTreeMap<(Place, AccessKind), Record>,
    /// What helpers read of the context's arguments, by the call.
    pub(super) reads: BTreeMap<Place, ReadBy>,
    /// What is done with what was read, by the instruction that has read it.
    pub(super) uses: BTreeSet<(Place, UseAt)>,
    /// The instructions whose values are addresses of memory that is accessed. What a global function does with
    /// them is left out here and in `added`: it is verified by itself.
    pub(super) followed: BTreeSet<Place>,
    /// The instructions to whose values something is added, as they were read.
    pub(super) added: BTreeSet<Place>,
    /// The instructions whose values are compared.
    pub(super) compared: BTreeSet<Place>,
    /// Branches on what is known before the program is verified.
    pub(super) guards: BTreeMap<Place, GuardAt>,
    /// Calls of global functions, with what they get in their registers.
    pub(super) globals: BTreeMap<Place, Vec<Value>>,
    pub(super) extent: Extent,
}

/// A place in a frame.
pub(super) type Node = (u32, Place);

pub(super) struct Walk<'w> {
    pub(super) code: &'w Code,
    pub(super) hints: &'w Hints,
    jumps: &'w Jumps,
    pub(super) frames: Vec<Frame>,
    /// The frame that is followed.
    current: u32,
    /// The frames by the frame that calls and the call.
    pub(super) calls: HashMap<Node, u32>,
    states: HashMap<Node, State>,
    /// How many places of stacks all states have.
    places: usize,
    waiting: BTreeSet<Node>,
    pub(super) walked: Walked,
}

/// Follows a program from its first instruction, where register 1 has the context.
pub(super) fn walk(
    code: &Code,
    jumps: &Jumps,
    hints: &Hints,
    entry: Place,
    budget: &mut Budget,
) -> Walked {
    let mut walk = Walk {
        code,
        hints,
        jumps,
        frames: vec![Frame::outermost()],
        current: 0,
        calls: HashMap::new(),
        states: HashMap::new(),
        places: 0,
        waiting: BTreeSet::new(),
        walked: Walked {
            records: BTreeMap::new(),
            reads: BTreeMap::new(),
            uses: BTreeSet::new(),
            followed: BTreeSet::new(),
            added: BTreeSet::new(),
            compared: BTreeSet::new(),
            guards: BTreeMap::new(),
            globals: BTreeMap::new(),
            extent: Extent::Whole,
        },
    };
    let mut state = State::entry();
    state.set(1, Value::CONTEXT);
    walk.arrive((0, entry), state);
    let mut left = budget.steps.min(PROGRAM_STEPS);
    let before = left;
    while let Some(node) = walk.waiting.pop_first() {
        if let Some(state) = walk.states.get(&node).cloned() {
            walk.run(node, state, &mut left);
        }
        let is_large = walk.states.len() > STATES || walk.places > PLACES;
        let found = walk.walked.records.len() + walk.walked.uses.len();
        if left == 0 || is_large || found > budget.records {
            walk.walked.extent = Extent::NotExamined;
            break;
        }
    }
    budget.steps -= before - left;
    budget.records = budget.records.saturating_sub(walk.walked.records.len());
    walk.walked
}

impl Walk<'_> {
    /// Joins a state to what is kept for a place; it goes on from there if that adds something.
    pub(super) fn arrive(&mut self, node: Node, state: State) {
        let joined = match self.states.get(&node) {
            Some(known) => {
                let joined = known.join(&state);
                if joined == *known {
                    return;
                }
                joined
            }
            None => state,
        };
        self.places += joined.places();
        if let Some(before) = self.states.insert(node, joined) {
            self.places -= before.places();
        }
        self.waiting.insert(node);
    }

    pub(super) fn give_up(&mut self) {
        self.walked.extent = self.walked.extent.max(Extent::Partly);
    }

    /// Follows the instructions from a place to the next that is jumped to.
    fn run(&mut self, (frame, start): Node, mut state: State, left: &mut usize) {
        self.current = frame;
        let mut place = start;
        let mut is_first = true;
        while *left > 0 {
            // The way may lead back to where it starts.
            let goes_on = std::mem::take(&mut is_first);
            if !goes_on && self.jumps.lead_to(place) {
                self.arrive((frame, place), state);
                return;
            }
            *left -= 1;
            let Some(instruction) = self.code.at(place) else {
                // It runs out of the section.
                self.give_up();
                return;
            };
            let next = match self.step((frame, place), instruction, &mut state) {
                Some(by) => place.moved(by),
                None => return,
            };
            match next {
                Some(next) => place = next,
                None => return self.give_up(),
            }
        }
    }

    /// What one instruction does, and how many places after it the way goes on; `None` where it does not,
    /// or where that is done already.
    fn step(&mut self, node: Node, instruction: Instruction, state: &mut State) -> Option<i64> {
        let (frame, place) = node;
        match instruction {
            Instruction::Move {
                dst,
                operand,
                bits,
                is_32,
            } => {
                let value = match operand {
                    Operand::Immediate(imm) if self.hints.relocated.contains(&place) => {
                        Value::Field(place, imm.into())
                    }
                    operand => transfer::value_of(state, operand),
                };
                state.set(dst, transfer::moved(value, bits, is_32));
            }
            Instruction::Arithmetic {
                dst,
                operand,
                operation,
                is_32,
            } => {
                let operand = transfer::value_of(state, operand);
                self.used_in_arithmetic(place, state.get(dst), &operand, operation);
                let value = transfer::computed(state.get(dst), &operand, operation, is_32);
                state.set(dst, value);
            }
            Instruction::Forget { dst } => state.set(dst, Value::ANY),
            Instruction::Wide { dst, low } => {
                let value = match self.code.relocated(place) {
                    None => Value::number(self.code.wide(place, low)),
                    Some(Target::Function(_)) => {
                        let target = self.code.target(place);
                        target.map_or(Value::Other, Value::Function)
                    }
                    Some(_) => match self.hints.variables.get(&place) {
                        Some(number) => Value::Variable(*number),
                        None => Value::Other,
                    },
                };
                state.set(dst, value);
                return Some(2);
            }
            Instruction::Packet => *state = state.after_call(Value::ANY, None),
            Instruction::Load { .. } | Instruction::Store { .. } | Instruction::Atomic { .. } => {
                self.memory(place, instruction, state);
            }
            Instruction::Jump { by } => return Some(1 + i64::from(by)),
            Instruction::Branch { by, equal, unequal } => {
                self.used_in_branch(place, state);
                let mut elsewhere = state.clone();
                narrow(&mut elsewhere, equal);
                narrow(state, unequal);
                if !self.hints.is_closed(place, true) {
                    match place.moved(1 + i64::from(by)) {
                        Some(target) => self.arrive((frame, target), elsewhere),
                        None => self.give_up(),
                    }
                }
                if self.hints.is_closed(place, false) {
                    return None;
                }
            }
            Instruction::Helper { number } => return self.helper(node, number, state),
            Instruction::Call => return self.call(node, state),
            Instruction::OtherCall => {
                self.give_up();
                *state = state.after_call(Value::ANY, None);
            }
            Instruction::Exit => {
                self.exit(frame, state);
                return None;
            }
            Instruction::Unknown => {
                self.give_up();
                return None;
            }
        }
        Some(1)
    }

    fn memory(&mut self, place: Place, instruction: Instruction, state: &mut State) {
        match instruction {
            Instruction::Load {
                dst,
                base,
                off,
                width,
                is_signed,
            } => {
                let address = state.get(base).clone();
                self.touch(place, AccessKind::Load, &address, (off, width, is_signed));
                self.follow(&address);
                self.used_as_address(&address, place);
                let value = match address {
                    Value::Stack { depth, at } => {
                        let at = at.map(|at| at.wrapping_add(off.into()));
                        state.filled(depth, at, width)
                    }
                    Value::Context(_) | Value::Perhaps(_) => Value::Read(Origin::of(place)),
                    Value::Variable(number) => Value::Constant(number),
                    _ => Value::From(place),
                };
                state.set(dst, value);
            }
            Instruction::Store {
                base,
                off,
                width,
                value,
            } => {
                let address = state.get(base).clone();
                self.touch(place, AccessKind::Store, &address, (off, width, false));
                self.follow(&address);
                self.used_in_store(place, &address, &transfer::value_of(state, value), width);
                if let Value::Stack { depth, at } = address {
                    let at = at.map(|at| at.wrapping_add(off.into()));
                    let value = transfer::value_of(state, value);
                    state.spill(depth, at, width, value);
                }
            }
            Instruction::Atomic {
                base,
                off,
                width,
                sets,
            } => {
                let address = state.get(base).clone();
                self.touch(place, AccessKind::Atomic, &address, (off, width, false));
                self.used_in_atomic(place, &address, state);
                if let Value::Stack { depth, at } = address {
                    let at = at.map(|at| at.wrapping_add(off.into()));
                    state.spill(depth, at, width, Value::Other);
                }
                if let Some(register) = sets {
                    state.set(register, Value::ANY);
                }
            }
            _ => {}
        }
    }

    /// Notes that memory is accessed at what was read from the context.
    fn follow(&mut self, address: &Value) {
        if let Value::Read(origin) = address
            && origin.change() != Change::Calculated
            && !self.is_apart()
        {
            self.walked.followed.extend(origin.sites());
        }
    }

    /// Whether what is followed is verified without its callers.
    pub(super) fn is_apart(&self) -> bool {
        self.frames[self.current as usize].is_apart
    }

    /// Notes a use of what may be the context.
    pub(super) fn touch(
        &mut self,
        place: Place,
        kind: AccessKind,
        value: &Value,
        (displacement, width, is_signed): (i16, u32, bool),
    ) {
        let Some((base, is_certain)) = value.context() else {
            return;
        };
        let records = &mut self.walked.records;
        let record = records.entry((place, kind)).or_insert_with(|| Record {
            base: base.clone(),
            is_certain,
            displacement,
            width,
            is_signed,
        });
        record.base = record.base.join(base);
        record.is_certain &= is_certain;
    }

    pub(super) fn hand_on(
        &mut self,
        place: Place,
        state: &State,
        arguments: u8,
        kind: impl Fn(u8) -> AccessKind,
    ) {
        for argument in 1..=arguments.min(LAST_ARGUMENT) {
            self.touch(place, kind(argument), state.get(argument), (0, 0, false));
        }
    }
}

/// A comparison with a constant tells what a register is.
fn narrow(state: &mut State, known: Option<(u8, i32)>) {
    if let Some((register, constant)) = known
        && state.get(register).is_number()
    {
        state.set(register, Value::number(constant.into()));
    }
}

//! What registers and stacks hold at one place of a program.

use super::origin::Origin;
use super::value::Value;
use crate::object::instruction::LAST_ARGUMENT;

const REGISTERS: usize = 11;
/// The register with the stack's address.
const FRAME: u8 = 10;
/// How many places of a stack are looked after: those with more than a number of which nothing is known.
const MAX_PLACES: usize = 64;
/// How long a place is, in bytes.
const PLACE: i64 = 8;

/// What is on one function's stack, by the distance from its upper end, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Stack(Vec<(i64, Value)>);

impl Stack {
    fn get(&self, at: i64) -> Option<&Value> {
        let place = self.0.binary_search_by_key(&at, |known| known.0).ok()?;
        Some(&self.0[place].1)
    }

    fn set(&mut self, at: i64, value: Value) {
        let is_dull = matches!(value, Value::Other | Value::From(_)) || value == Value::ANY;
        match self.0.binary_search_by_key(&at, |known| known.0) {
            Ok(place) if is_dull => {
                self.0.remove(place);
            }
            Ok(place) => self.0[place].1 = value,
            Err(place) if !is_dull && self.0.len() < MAX_PLACES => {
                self.0.insert(place, (at, value));
            }
            Err(_) => {}
        }
    }

    /// Forgets what lies within so many bytes from there.
    fn forget(&mut self, at: i64, width: i64) {
        self.0.retain(|&(known, _)| {
            known.saturating_add(PLACE) <= at || known >= at.saturating_add(width)
        });
    }

    fn join(&self, other: &Self) -> Self {
        let mut joined = Self::default();
        for (at, value) in &self.0 {
            joined.set(*at, value.join(other.get(*at).unwrap_or(&Value::Other)));
        }
        for (at, value) in &other.0 {
            if self.get(*at).is_none() {
                joined.set(*at, value.join(&Value::Other));
            }
        }
        joined
    }
}

/// The stacks of a function and of those that have called it, the outermost first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stacks(Vec<Stack>);

impl Stacks {
    pub(super) fn join(&self, other: &Self) -> Self {
        let pairs = self.0.iter().zip(&other.0);
        Self(pairs.map(|(a, b)| a.join(b)).collect())
    }
}

/// What registers and stacks hold at one place of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct State {
    registers: [Value; REGISTERS],
    stacks: Stacks,
}

impl State {
    /// Where a function is entered that nothing has called.
    pub(super) fn entry() -> Self {
        let mut state = Self {
            registers: [const { Value::Other }; REGISTERS],
            stacks: Stacks(vec![Stack::default()]),
        };
        state.set(
            FRAME,
            Value::Stack {
                depth: 0,
                at: Some(0),
            },
        );
        state
    }

    /// Where a function is entered that is called from here.
    pub(super) fn called(&self) -> Self {
        let mut state = self.clone();
        let depth = state.stacks.0.len();
        state.stacks.0.push(Stack::default());
        state.set(0, Value::Other);
        for register in LAST_ARGUMENT + 1..FRAME {
            state.set(register, Value::Other);
        }
        state.set(FRAME, Value::Stack { depth, at: Some(0) });
        state
    }

    /// What a function leaves behind for its caller: the returned value and the stacks.
    pub(super) fn returned(&self) -> (Value, Stacks) {
        let mut stacks = self.stacks.clone();
        stacks.0.pop();
        (self.get(0).clone(), stacks)
    }

    /// Where a caller goes on that was in this state.
    pub(super) fn after_call(&self, returned: Value, stacks: Option<Stacks>) -> Self {
        let mut state = self.clone();
        if let Some(stacks) = stacks {
            state.stacks = stacks;
        }
        state.set(0, returned);
        for register in 1..=LAST_ARGUMENT {
            state.set(register, Value::Other);
        }
        state
    }

    /// How many places of stacks are kept with it.
    pub(super) fn places(&self) -> usize {
        self.stacks.0.iter().map(|stack| stack.0.len()).sum()
    }

    pub(super) fn get(&self, register: u8) -> &Value {
        self.registers
            .get(usize::from(register))
            .unwrap_or(&Value::Other)
    }

    pub(super) fn set(&mut self, register: u8, value: Value) {
        if let Some(known) = self.registers.get_mut(usize::from(register)) {
            *known = value;
        }
    }

    /// What is loaded from a stack.
    pub(super) fn filled(&self, depth: usize, at: Option<i64>, width: u32) -> Value {
        let stack = self.stacks.0.get(depth);
        let at = at.filter(|_| i64::from(width) == PLACE);
        let value = stack.zip(at).and_then(|(stack, at)| stack.get(at));
        value.cloned().unwrap_or(Value::Other)
    }

    /// Stores to a stack.
    pub(super) fn spill(&mut self, depth: usize, at: Option<i64>, width: u32, value: Value) {
        let Some(stack) = self.stacks.0.get_mut(depth) else {
            return;
        };
        let Some(at) = at else {
            // It may be any place.
            for (_, known) in &mut stack.0 {
                *known = known.join(&Value::Other);
            }
            stack.0.retain(|(_, known)| *known != Value::Other);
            return;
        };
        stack.forget(at, width.into());
        if i64::from(width) == PLACE {
            stack.set(at, value);
        }
    }

    /// What the kernel may do with the stacks that it gets addresses of: numbers there are any.
    pub(super) fn overwrite(&mut self, arguments: u8) {
        for argument in 1..=arguments.min(LAST_ARGUMENT) {
            let Value::Stack { depth, at } = *self.get(argument) else {
                continue;
            };
            if let Some(stack) = self.stacks.0.get_mut(depth) {
                let is_kept = |place: i64| at.is_some_and(|at| place < at);
                stack
                    .0
                    .retain(|(place, value)| is_kept(*place) || !value.is_number());
            }
        }
    }

    /// What was read from the context and lies in a stack, so many bytes from the address in a register on;
    /// `None` where that is not known.
    pub(super) fn handed_on(&self, argument: u8, len: Option<i64>) -> Vec<Origin> {
        let Value::Stack { depth, at } = *self.get(argument) else {
            return Vec::new();
        };
        let is_within = |place: i64| match (at, len) {
            (Some(at), Some(len)) => place >= at && place < at.saturating_add(len),
            (Some(at), None) => place >= at,
            (None, _) => true,
        };
        let places = self.stacks.0.get(depth).into_iter().flat_map(|s| &s.0);
        let origins = places.filter_map(|(place, value)| match value {
            Value::Read(origin) if is_within(*place) => Some(origin.clone()),
            _ => None,
        });
        origins.collect()
    }

    pub(super) fn join(&self, other: &Self) -> Self {
        let mut joined = self.clone();
        for (register, value) in joined.registers.iter_mut().enumerate() {
            *value = value.join(&other.registers[register]);
        }
        joined.stacks = self.stacks.join(&other.stacks);
        joined
    }
}

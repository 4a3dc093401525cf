//! What a program does with what it has read from its context.

use super::helper;
use super::origin::Change;
use super::result::AccessKind;
use super::result::Extent;
use super::state::State;
use super::used::GuardAt;
use super::used::ReadBy;
use super::used::UseAt;
use super::value::Numbers;
use super::value::Value;
use super::walk::Walk;
use crate::layout::SLOT;
use crate::object::code::Place;
use crate::object::instruction::LAST_ARGUMENT;

/// How many uses are noted in one program.
const MAX_USES: usize = 1 << 14;

/// Operations, by the upper half of the opcode.
const ADD: u8 = 0x00;
const SUB: u8 = 0x10;
/// Those besides them that no verifier allows with a pointer, whoever loads the program: multiplication,
/// division, bits, shifts.
const NOT_OF_POINTERS: [u8; 9] = [0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xc0];
/// The class of arithmetic with all 64 bits, in the opcode's lower bits.
const ALU64: u8 = 0x07;

/// `bpf_map_lookup_elem`, `bpf_map_update_elem`, `bpf_map_delete_elem`, and which argument is the key.
const MAP_HELPERS: [i32; 3] = [1, 2, 3];
const KEY: u8 = 2;
/// How large a function's stack may be, in bytes.
const MAX_STACK: i64 = 512;

impl Walk<'_> {
    pub(super) fn used(&mut self, value: &Value, by: UseAt) {
        let Value::Read(origin) = value else {
            return;
        };
        for site in origin.sites() {
            if self.walked.uses.len() < MAX_USES {
                self.walked.uses.insert((*site, by));
            } else {
                self.walked.extent = self.walked.extent.max(Extent::Partly);
            }
        }
    }

    pub(super) fn used_in_arithmetic(
        &mut self,
        place: Place,
        dst: &Value,
        operand: &Value,
        operation: u8,
    ) {
        let is_added = operation == ADD;
        let is_wide = (self.code.raw(place)).is_some_and(|raw| raw.opcode & 0x07 == ALU64);
        let alters = is_wide && NOT_OF_POINTERS.contains(&operation);
        if alters {
            for value in [dst, operand] {
                self.touch(place, AccessKind::Altered, value, (0, 0, false));
            }
        }
        let field = match (operand, dst) {
            (Value::Field(at, _), _) | (_, Value::Field(at, _)) if is_added => Some(*at),
            _ if is_added && self.hints.relocated.contains(&place) => Some(place),
            _ => None,
        };
        for value in [dst, operand] {
            if let Value::Read(origin) = value
                && is_added
                && origin.change() == Change::None
                && !self.is_apart()
            {
                self.walked.added.extend(origin.sites());
            }
            match (field, value) {
                (Some(at), Value::Read(origin)) if origin.change() == Change::None => {
                    self.used(value, UseAt::Field(at));
                }
                _ if is_added || operation == SUB => {}
                (_, Value::Read(origin)) if alters && origin.change() == Change::None => {
                    self.used(value, UseAt::Altered);
                }
                _ => self.used(value, UseAt::Calculated),
            }
        }
    }

    pub(super) fn used_in_branch(&mut self, place: Place, state: &State) {
        const MAY_GOTO: u8 = 0xe0;
        let Some(raw) = self.code.raw(place) else {
            return;
        };
        if raw.opcode & 0xf0 == MAY_GOTO {
            return;
        }
        let is_immediate = raw.opcode & 0x08 == 0;
        // What does not fit into the instruction is in a register.
        let is_number =
            |register: u8| matches!(state.get(register), Value::Number(Numbers::One(_)));
        let asked = match is_immediate {
            true => Some(raw.dst),
            false if is_number(raw.src) => Some(raw.dst),
            false if is_number(raw.dst) => Some(raw.src),
            false => None,
        };
        let guard = match asked.map(|register| state.get(register)) {
            Some(Value::Constant(number)) => Some(GuardAt::Variable(*number)),
            Some(Value::Field(at, _)) => Some(GuardAt::Relocation(*at)),
            _ => None,
        };
        self.walked.guards.extend(guard.map(|guard| (place, guard)));
        self.compared(&state.get(raw.dst).clone());
        if !is_immediate {
            self.compared(&state.get(raw.src).clone());
        }
    }

    /// Also where there are more uses than are kept: what is not compared is an error elsewhere.
    fn compared(&mut self, value: &Value) {
        if let Value::Read(origin) = value {
            self.walked.compared.extend(origin.sites());
        }
        self.used(value, UseAt::Compared);
    }

    /// Notes that memory at an address is accessed. What was calculated is an index as likely as an address.
    pub(super) fn used_as_address(&mut self, address: &Value, place: Place) {
        let is_index =
            matches!(address, Value::Read(origin) if origin.change() == Change::Calculated);
        let by = match is_index {
            true => UseAt::Calculated,
            false => UseAt::Followed(place),
        };
        self.used(address, by);
    }

    pub(super) fn used_in_store(&mut self, place: Place, base: &Value, value: &Value, width: u32) {
        self.used_as_address(base, place);
        // What is kept on the stack as it is goes on from there.
        if !matches!(base, Value::Stack { at: Some(_), .. }) || width < 8 {
            self.used(value, UseAt::Stored);
        }
    }

    pub(super) fn used_in_atomic(&mut self, place: Place, base: &Value, state: &State) {
        self.used_as_address(base, place);
        if let Some(raw) = self.code.raw(place) {
            self.used(&state.get(raw.src).clone(), UseAt::Stored);
        }
    }

    /// What is handed to the kernel, in registers or in memory that they point to.
    pub(super) fn used_by_call(
        &mut self,
        place: Place,
        state: &State,
        arguments: u8,
        helper: Option<i32>,
    ) {
        for argument in 1..=arguments.min(LAST_ARGUMENT) {
            let value = state.get(argument).clone();
            let is_changed = match &value {
                Value::Read(origin) => origin.change() != Change::None,
                _ => false,
            };
            let by = match helper {
                Some(number) => UseAt::Helper(place, number, argument, is_changed),
                None => UseAt::Kernel(place, argument),
            };
            self.used(&value, by);
        }
        let written = helper.and_then(helper::copy).map(|(to, ..)| to);
        for argument in 1..=arguments.min(LAST_ARGUMENT) {
            if written == Some(argument) {
                continue;
            }
            let is_key = argument == KEY && helper.is_some_and(|of| MAP_HELPERS.contains(&of));
            // Behind the address of memory stands its length, if anything tells it. How long keys are is
            // not known here; few are longer than a slot.
            let len = match state.get(argument + 1).plain() {
                _ if is_key => Some(SLOT.into()),
                Value::Number(Numbers::One(len))
                    if argument < arguments && (1..=MAX_STACK).contains(&len) =>
                {
                    Some(len)
                }
                _ => None,
            };
            for origin in state.handed_on(argument, len) {
                self.used(&Value::Read(origin), UseAt::Stored);
            }
        }
    }

    /// Notes what a helper reads of the context; where on which stack it puts that, if it is a whole slot.
    pub(super) fn read_by_helper(
        &mut self,
        place: Place,
        number: i32,
        state: &State,
    ) -> Option<(usize, i64)> {
        let constant = |argument: u8| match state.get(argument).plain() {
            Value::Number(Numbers::One(number)) => Some(number),
            _ => None,
        };
        let is_context = |argument: u8| matches!(state.get(argument), Value::Context(_));
        let (to, read, width) = match number {
            helper::GET_ARGUMENT if is_context(1) => {
                let number = constant(2).and_then(|number| u32::try_from(number).ok());
                (3, ReadBy::Argument(number), Some(8))
            }
            helper::GET_RETURNED if is_context(1) => (2, ReadBy::Returned, Some(8)),
            number => {
                let (to, len, from) = helper::copy(number)?;
                let (offset, _) = state.get(from).context()?;
                let at = match offset {
                    Numbers::One(at) => Some(*at),
                    _ => None,
                };
                let width = constant(len).and_then(|len| u32::try_from(len).ok());
                (to, ReadBy::Copy { at, width }, width)
            }
        };
        let reads = &mut self.walked.reads;
        let known = *reads.entry(place).or_insert(read);
        if known != read {
            let unknown = ReadBy::Copy {
                at: None,
                width: None,
            };
            reads.insert(place, unknown);
        }
        match *state.get(to) {
            Value::Stack {
                depth,
                at: Some(at),
            } if width == Some(8) => Some((depth, at)),
            _ => None,
        }
    }
}

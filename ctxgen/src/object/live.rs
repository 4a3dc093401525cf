//! Which instructions of a program the verifier reaches once CO-RE has resolved the program's guards.
//!
//! `bpf_core_field_exists` and its like become constants when the object is loaded, and the verifier skips
//! the branch that is not taken. The verifier tracks all values that it knows. Here, only constants in
//! registers are tracked, and any other value is possible. So the verifier does not reach what is not
//! reached here.

mod value;

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::hash_map::Entry;

use libbpf_rs::libbpf_sys;

use self::value::REGISTERS;
use self::value::Registers;
use self::value::Value;
use self::value::computed;
use self::value::get;
use self::value::holds;
use self::value::number;
use self::value::set;
use super::ObjectFile;
use super::Relocation;
use super::code::Code;
use super::code::Place;
use super::code::index_of;
use super::instruction::CALL;
use super::instruction::Instruction;
use super::instruction::LOAD_IMM64;
use super::instruction::Raw;

/// How many steps are made for all programs of an object. It is enough for a million instructions,
/// the most that the kernel takes in a program, and bounds the time for damaged objects.
const MAX_STEPS: u32 = 8_000_000;

/// An object's code, to be followed.
#[derive(Debug)]
pub(crate) struct Flow<'o> {
    object: &'o ObjectFile,
    code: &'o Code,
    /// The numbers of relocations, by the instructions that they are of.
    relocations: HashMap<Place, Vec<usize>>,
    /// Where the programs start.
    starts: Vec<Option<Place>>,
    steps: u32,
}

/// What is reached of a program.
#[derive(Debug)]
pub(crate) struct Live {
    /// The branches whose jump was made, and those where the way on was taken.
    taken: HashSet<(Place, bool)>,
    /// `None` where it would have taken too long to find out.
    reached: Option<HashSet<Place>>,
    /// Whether anything is read or written through the context without a relocation, or may be.
    pub(crate) uses_context: bool,
}

impl Live {
    /// The ways that are not taken at branches that are reached, for [`super::accesses`]; `None` where it
    /// would have taken too long to find out.
    pub(crate) fn closed(&self, code: &Code) -> Option<HashSet<(Place, bool)>> {
        let mut closed = HashSet::new();
        for at in self.reached.as_ref()? {
            if let Some(Instruction::Branch { .. }) = code.at(*at) {
                for way in [false, true] {
                    if !self.taken.contains(&(*at, way)) {
                        closed.insert((*at, way));
                    }
                }
            }
        }
        Some(closed)
    }

    /// Whether an instruction is reached, as far as values are known here.
    pub(crate) fn certainly_has(&self, at: Place) -> bool {
        self.reached
            .as_ref()
            .is_some_and(|reached| reached.contains(&at))
    }

    pub(crate) fn has(&self, at: Place) -> bool {
        self.reached
            .as_ref()
            .is_none_or(|reached| reached.contains(&at))
    }
}

impl<'o> Flow<'o> {
    pub(crate) fn new(object: &'o ObjectFile) -> Self {
        let mut flow = Self {
            object,
            code: &object.code,
            relocations: HashMap::new(),
            starts: Vec::new(),
            steps: MAX_STEPS,
        };
        let numbers = object.code.numbers();
        for (number, relocation) in object.relocations().iter().enumerate() {
            let offset = relocation.instruction_offset;
            if let Some(place) = place(&numbers, &relocation.section, offset.into()) {
                flow.relocations.entry(place).or_default().push(number);
            }
        }
        flow.starts = object
            .programs()
            .iter()
            .map(|program| place(&numbers, &program.section, program.range.start))
            .collect();
        flow
    }

    fn start(&self, program: usize) -> Option<Place> {
        self.starts.get(program).copied().flatten()
    }

    /// The numbers of the relocations in a program and in all functions that it calls, with their
    /// places, in the order of these; `None` where it takes too long to find them.
    pub(crate) fn relocations_of(&mut self, program: usize) -> Option<Vec<(Place, usize)>> {
        let mut found = Vec::new();
        let mut queue: Vec<Place> = self.start(program).into_iter().collect();
        let mut seen: HashSet<Place> = queue.iter().copied().collect();
        while let Some(entry) = queue.pop() {
            let Some(function) = self.code.function(entry) else {
                continue;
            };
            for index in function.range.clone() {
                let at = Place { index, ..entry };
                if self.code.raw(at).is_none() {
                    break;
                }
                if !self.step() {
                    return None;
                }
                let here = self.relocations.get(&at).into_iter().flatten();
                found.extend(here.map(|number| (at, *number)));
                queue.extend(self.code.target(at).filter(|to| seen.insert(*to)));
            }
        }
        found.sort_unstable();
        Some(found)
    }

    fn step(&mut self) -> bool {
        let left = self.steps.checked_sub(1);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// Follows a program where relocations have these answers, if any.
    pub(crate) fn live(
        &mut self,
        program: usize,
        answer: impl Fn(&Relocation) -> Option<u32>,
    ) -> Live {
        self.live_without(program, answer, &[])
    }

    /// Likewise, where branches are closed on one side: with true, one does not jump; with false, it does not
    /// go on.
    pub(crate) fn live_without(
        &mut self,
        program: usize,
        answer: impl Fn(&Relocation) -> Option<u32>,
        closed: &[(Place, bool)],
    ) -> Live {
        let mut walk = Walk {
            states: HashMap::new(),
            returned: HashMap::new(),
            callers: HashMap::new(),
            entered: HashSet::new(),
            queue: Vec::new(),
            uses_context: false,
            taken: HashSet::new(),
            closed: closed.iter().copied().collect(),
        };
        let Some(start) = self.start(program) else {
            return Live {
                taken: HashSet::new(),
                reached: None,
                uses_context: true,
            };
        };
        let mut registers = [Value::Any; REGISTERS];
        registers[1] = Value::Context;
        walk.enter(self.code, start, registers);
        while let Some((entry, at)) = walk.queue.pop() {
            if !self.step() {
                return Live {
                    taken: HashSet::new(),
                    reached: None,
                    uses_context: true,
                };
            }
            let here = self.relocations.get(&at).into_iter().flatten();
            let mut here = here.map(|number| &self.object.relocations()[*number]);
            let is_relocated = here.clone().next().is_some();
            let answer = here.find_map(&answer);
            walk.follow(self.code, (entry, at), answer, is_relocated);
        }
        Live {
            taken: walk.taken,
            reached: Some(walk.states.into_keys().map(|(_, at)| at).collect()),
            uses_context: walk.uses_context,
        }
    }
}

fn place(numbers: &HashMap<&str, u32>, section: &str, offset: u64) -> Option<Place> {
    Some(Place {
        section: *numbers.get(section)?,
        index: index_of(offset)?,
    })
}

/// A function, by its first instruction, and an instruction.
type InFunction = (Place, Place);

struct Walk {
    states: HashMap<InFunction, Registers>,
    /// What functions return, as far as they were followed.
    returned: HashMap<Place, Value>,
    /// The calls of functions.
    callers: HashMap<Place, HashSet<InFunction>>,
    entered: HashSet<Place>,
    queue: Vec<InFunction>,
    taken: HashSet<(Place, bool)>,
    closed: HashSet<(Place, bool)>,
    uses_context: bool,
}

impl Walk {
    /// Goes on at an instruction with these registers, if that is anything new.
    fn reach(&mut self, to: InFunction, registers: Registers) {
        match self.states.entry(to) {
            Entry::Vacant(entry) => {
                entry.insert(registers);
                self.queue.push(to);
            }
            Entry::Occupied(mut entry) => {
                let known = entry.get_mut();
                let mut is_new = false;
                for (known, other) in known.iter_mut().zip(registers) {
                    if *known != other && *known != Value::Any {
                        // Where one of them is the context, a load may be one from it.
                        self.uses_context |= *known == Value::Context || other == Value::Context;
                        *known = Value::Any;
                        is_new = true;
                    }
                }
                if is_new {
                    self.queue.push(to);
                }
            }
        }
    }

    /// Goes on so many instructions behind one, or before.
    fn go_on(&mut self, (entry, at): InFunction, by: i64, registers: Registers) {
        if let Some(to) = at.moved(by) {
            self.reach((entry, to), registers);
        }
    }

    /// Goes on at a function's start. Kernels before 6.8 verify global functions whether or not their calls
    /// are reached.
    fn enter(&mut self, code: &Code, entry: Place, registers: Registers) {
        let mut entering = vec![(entry, registers)];
        while let Some((entry, registers)) = entering.pop() {
            self.reach((entry, entry), registers);
            let function = code.function(entry);
            let Some(function) = function.filter(|_| self.entered.insert(entry)) else {
                continue;
            };
            for index in function.range.clone() {
                let at = Place { index, ..entry };
                let Some(instruction) = code.raw(at) else {
                    break;
                };
                let target = code.target(at).filter(|_| instruction.is_local_call());
                let is_global = |to: &Place| code.function(*to).is_some_and(|to| to.is_global);
                let to = target.filter(is_global);
                let to = to.filter(|to| !self.entered.contains(to));
                entering.extend(to.map(|to| (to, [Value::Any; REGISTERS])));
            }
        }
    }

    fn follow(
        &mut self,
        code: &Code,
        (entry, at): InFunction,
        answer: Option<u32>,
        is_relocated: bool,
    ) {
        let Some(instruction) = code.raw(at) else {
            return;
        };
        let mut registers = self.states[&(entry, at)];
        match u32::from(instruction.opcode) & 0x07 {
            libbpf_sys::BPF_JMP | libbpf_sys::BPF_JMP32 => {
                self.jump(code, (entry, at), instruction, registers);
                return;
            }
            libbpf_sys::BPF_ALU | libbpf_sys::BPF_ALU64 => {
                let number = match (answer, is_relocated) {
                    (Some(answer), _) => Value::Constant(answer.into()),
                    (None, true) => Value::Any,
                    (None, false) => number(instruction),
                };
                let value = computed(instruction, &registers, number);
                set(&mut registers, instruction.dst, value);
            }
            libbpf_sys::BPF_LD if instruction.opcode == LOAD_IMM64 => {
                if let Some(to) = code.target(at) {
                    self.enter(code, to, [Value::Any; REGISTERS]);
                }
                let value = match (answer, instruction.src) {
                    (Some(answer), _) => Value::Constant(answer.into()),
                    (None, 0) if !is_relocated && code.relocated(at).is_none() => {
                        Value::Constant(code.wide(at, instruction.imm).cast_unsigned())
                    }
                    _ => Value::Any,
                };
                set(&mut registers, instruction.dst, value);
            }
            libbpf_sys::BPF_LD => {
                registers[..6].fill(Value::Any);
            }
            libbpf_sys::BPF_LDX => {
                let base = get(&registers, instruction.src);
                self.uses_context |= base == Value::Context && !is_relocated;
                set(&mut registers, instruction.dst, Value::Any);
            }
            _ => self.store(instruction, &mut registers, is_relocated),
        }
        self.go_on((entry, at), instruction.places() as i64, registers);
    }

    fn store(&mut self, instruction: Raw, registers: &mut Registers, is_relocated: bool) {
        let base = get(registers, instruction.dst);
        self.uses_context |= base == Value::Context && !is_relocated;
        let opcode = u32::from(instruction.opcode);
        if opcode & 0x07 != libbpf_sys::BPF_STX {
            return;
        }
        // A later load from there may be used as the context.
        self.uses_context |= get(registers, instruction.src) == Value::Context;
        if opcode & 0xe0 == libbpf_sys::BPF_ATOMIC {
            set(registers, instruction.src, Value::Any);
            registers[0] = Value::Any;
        }
    }

    fn jump(
        &mut self,
        code: &Code,
        (entry, at): InFunction,
        instruction: Raw,
        registers: Registers,
    ) {
        let opcode = u32::from(instruction.opcode);
        let is_wide = opcode & 0x07 == libbpf_sys::BPF_JMP;
        let by = match (opcode & 0xf0, is_wide) {
            (libbpf_sys::BPF_JA, false) => i64::from(instruction.imm),
            _ => i64::from(instruction.offset),
        };
        match opcode & 0xf0 {
            libbpf_sys::BPF_EXIT => self.exit(entry, registers[0]),
            _ if instruction.opcode == CALL => self.call(code, (entry, at), instruction, registers),
            op => {
                let may_jump = match op {
                    libbpf_sys::BPF_JA => Some(true),
                    _ => holds(instruction, &registers),
                };
                if may_jump != Some(false) && !self.closed.contains(&(at, true)) {
                    self.taken.insert((at, true));
                    self.go_on((entry, at), 1 + by, registers);
                }
                if may_jump != Some(true) && !self.closed.contains(&(at, false)) {
                    self.taken.insert((at, false));
                    self.go_on((entry, at), 1, registers);
                }
            }
        }
    }

    fn exit(&mut self, entry: Place, value: Value) {
        let known = self.returned.get(&entry).copied();
        let value = match known {
            Some(known) if known == value => return,
            Some(Value::Any) => return,
            Some(_) => Value::Any,
            None => value,
        };
        self.returned.insert(entry, value);
        if let Some(callers) = self.callers.get(&entry) {
            self.queue.extend(callers);
        }
    }

    fn call(
        &mut self,
        code: &Code,
        (entry, at): InFunction,
        instruction: Raw,
        mut registers: Registers,
    ) {
        let mut value = Some(Value::Any);
        if instruction.is_local_call()
            && let Some(to) = code.target(at)
        {
            if code.function(to).is_none_or(|function| function.is_global) {
                self.uses_context |= registers[1..6].contains(&Value::Context);
                self.enter(code, to, [Value::Any; REGISTERS]);
            } else {
                let mut arguments = [Value::Any; REGISTERS];
                arguments[1..6].copy_from_slice(&registers[1..6]);
                self.callers.entry(to).or_default().insert((entry, at));
                self.enter(code, to, arguments);
                value = self.returned.get(&to).copied();
            }
        }
        // Without a value, it has not returned yet.
        if let Some(value) = value {
            registers[..6].fill(Value::Any);
            registers[0] = value;
            self.go_on((entry, at), 1, registers);
        }
    }
}

//! Which instructions of a program the verifier reaches, where CO-RE's questions are answered.
//!
//! `bpf_core_field_exists` and its like become constants when the object is loaded, and the verifier
//! does not look at what they lead around. It follows the program with all values that it knows; here,
//! constants in registers are followed, and whatever else comes into question is taken for possible. So
//! what is not reached here is not reached there.

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
use super::code::At;
use super::code::CALL;
use super::code::Code;
use super::code::INSTRUCTION;
use super::code::Instruction;
use super::code::LOAD_IMM64;

/// How many steps are made for all programs of an object. It is enough for a million instructions, which
/// is all that the kernel takes of a program, and bounds the time for what is no compiler's.
const MAX_STEPS: u32 = 8_000_000;

/// An object's code, to be followed.
#[derive(Debug)]
pub(crate) struct Flow<'o> {
    object: &'o ObjectFile,
    code: &'o Code,
    /// The numbers of relocations, by the instructions that they are of.
    relocations: HashMap<At, Vec<usize>>,
    steps: u32,
}

/// What is reached of a program.
#[derive(Debug)]
pub(crate) struct Live {
    /// `None` where it would have taken too long to find out.
    reached: Option<HashSet<At>>,
    /// Whether anything is read or written through the context without a relocation, or may be.
    pub(crate) uses_context: bool,
}

impl Live {
    pub(crate) fn has(&self, at: At) -> bool {
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
            steps: MAX_STEPS,
        };
        let mut sections: HashMap<&str, Option<usize>> = HashMap::new();
        for (number, relocation) in object.relocations().iter().enumerate() {
            let name = &*relocation.section;
            let section = sections
                .entry(name)
                .or_insert_with(|| flow.code.section(name));
            if let Some(section) = section {
                let at = relocation.instruction_offset as usize / INSTRUCTION;
                let of_one = flow.relocations.entry((*section, at)).or_default();
                of_one.push(number);
            }
        }
        flow
    }

    fn start(&self, program: usize) -> Option<At> {
        let program = self.object.programs().get(program)?;
        let section = self.code.section(&program.section)?;
        let start = usize::try_from(program.range.start).ok()?;
        Some((section, start / INSTRUCTION))
    }

    /// The numbers of the relocations in a program and in all functions that it calls, with their
    /// places, in the order of these; `None` where it takes too long to find them.
    pub(crate) fn relocations_of(&mut self, program: usize) -> Option<Vec<(At, usize)>> {
        let mut found = Vec::new();
        let mut queue: Vec<At> = self.start(program).into_iter().collect();
        let mut seen: HashSet<At> = queue.iter().copied().collect();
        while let Some(entry) = queue.pop() {
            let Some(function) = self.code.function(entry) else {
                continue;
            };
            for number in function.range.clone() {
                let at = (function.section, number);
                if self.code.at(at).is_none() {
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
        let mut walk = Walk {
            states: HashMap::new(),
            returned: HashMap::new(),
            callers: HashMap::new(),
            entered: HashSet::new(),
            queue: Vec::new(),
            uses_context: false,
        };
        let Some(start) = self.start(program) else {
            return Live {
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
            reached: Some(walk.states.into_keys().map(|(_, at)| at).collect()),
            uses_context: walk.uses_context,
        }
    }
}

/// A function, by its first instruction, and an instruction.
type InFunction = (At, At);

struct Walk {
    states: HashMap<InFunction, Registers>,
    /// What functions return, as far as they were followed.
    returned: HashMap<At, Value>,
    /// The calls of functions.
    callers: HashMap<At, HashSet<InFunction>>,
    entered: HashSet<At>,
    queue: Vec<InFunction>,
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

    /// Goes on at a function's start. Kernels before 6.8 verify global functions whether or not their calls
    /// are reached.
    fn enter(&mut self, code: &Code, entry: At, registers: Registers) {
        let mut entering = vec![(entry, registers)];
        while let Some((entry, registers)) = entering.pop() {
            self.reach((entry, entry), registers);
            let function = code.function(entry);
            let Some(function) = function.filter(|_| self.entered.insert(entry)) else {
                continue;
            };
            for number in function.range.clone() {
                let at = (function.section, number);
                let Some(instruction) = code.at(at) else {
                    break;
                };
                let target = code.target(at).filter(|_| instruction.is_local_call());
                let is_global = |to: &At| code.function(*to).is_some_and(|to| to.is_global);
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
        let Some(instruction) = code.at(at) else {
            return;
        };
        let mut registers = self.states[&(entry, at)];
        let next = |steps: usize| (entry, (at.0, at.1 + steps));
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
                let high = code.at((at.0, at.1 + 1)).map_or(0, |second| second.imm);
                let value = match (answer, instruction.src) {
                    (Some(answer), _) => Value::Constant(answer.into()),
                    (None, 0) if !is_relocated && !code.has_address(at) => Value::Constant(
                        u64::from(instruction.imm.cast_unsigned())
                            | u64::from(high.cast_unsigned()) << 32,
                    ),
                    _ => Value::Any,
                };
                set(&mut registers, instruction.dst, value);
                self.reach(next(2), registers);
                return;
            }
            libbpf_sys::BPF_LD => {
                registers[..6].fill(Value::Any);
            }
            libbpf_sys::BPF_LDX => {
                let base = get(&registers, instruction.src);
                self.uses_context |= base == Value::Context && !is_relocated;
                set(&mut registers, instruction.dst, Value::Any);
            }
            _ => {
                let base = get(&registers, instruction.dst);
                self.uses_context |= base == Value::Context && !is_relocated;
                if u32::from(instruction.opcode) & 0x07 == libbpf_sys::BPF_STX {
                    // Whoever takes it from there may use it.
                    self.uses_context |= get(&registers, instruction.src) == Value::Context;
                    if u32::from(instruction.opcode) & 0xe0 == libbpf_sys::BPF_ATOMIC {
                        set(&mut registers, instruction.src, Value::Any);
                        registers[0] = Value::Any;
                    }
                }
            }
        }
        self.reach(next(1), registers);
    }

    fn jump(
        &mut self,
        code: &Code,
        (entry, at): InFunction,
        instruction: Instruction,
        registers: Registers,
    ) {
        let opcode = u32::from(instruction.opcode);
        let is_wide = opcode & 0x07 == libbpf_sys::BPF_JMP;
        let next = (entry, (at.0, at.1 + 1));
        let far = |offset: i64| {
            let to = i64::try_from(at.1)
                .ok()?
                .checked_add(offset)?
                .checked_add(1)?;
            Some((entry, (at.0, usize::try_from(to).ok()?)))
        };
        let taken = match (opcode & 0xf0, is_wide) {
            (libbpf_sys::BPF_JA, false) => far(instruction.imm.into()),
            _ => far(instruction.offset.into()),
        };
        match opcode & 0xf0 {
            libbpf_sys::BPF_EXIT => self.exit(entry, registers[0]),
            _ if instruction.opcode == CALL => self.call(code, (entry, at), instruction, registers),
            op => {
                let may_jump = match op {
                    libbpf_sys::BPF_JA => Some(true),
                    _ => holds(instruction, &registers),
                };
                if may_jump != Some(false)
                    && let Some(taken) = taken
                {
                    self.reach(taken, registers);
                }
                if may_jump != Some(true) {
                    self.reach(next, registers);
                }
            }
        }
    }

    fn exit(&mut self, entry: At, value: Value) {
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
        instruction: Instruction,
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
            self.reach((entry, (at.0, at.1 + 1)), registers);
        }
    }
}

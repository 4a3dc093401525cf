//! What is found.

use std::sync::Arc;

/// What a program does with its context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProgramAccesses {
    /// The program's place in [`ObjectFile::programs`](super::super::ObjectFile::programs).
    pub program: usize,
    /// Each instruction that uses the context, in the order of sections and instructions. One that hands it
    /// on several times is there once for each argument.
    pub accesses: Vec<Access>,
    /// The calls of the object's global functions, in the order of sections and instructions.
    pub globals: Vec<GlobalCall>,
    /// How much of the program was followed.
    pub extent: Extent,
    /// The files that its function's lines are from, in the order of instructions, each once: its own, and
    /// those of what is inlined in it.
    pub files: Vec<Arc<str>>,
}

/// How much of a program was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// All of it.
    Whole,
    /// There may be more accesses: on some way through the program is an instruction that is not known, a
    /// call that nothing is known of, or deeper calls than any kernel allows.
    Partly,
    /// Not examined: it is larger than what is looked at. The accesses are those found until then.
    NotExamined,
}

/// An instruction that uses the context.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The ELF section of the instruction: the program's, or that of a function that it calls.
    pub section: Arc<str>,
    /// Where in that, in bytes.
    pub instruction_offset: u32,
    /// What is done.
    pub kind: AccessKind,
    /// How far from the context's start the address is that the instruction takes from a register, in
    /// bytes. That of an unmodified context pointer is 0.
    pub base: Offsets,
    /// What the instruction itself adds to that, in bytes.
    pub displacement: i16,
    /// How many bytes are loaded or stored; 0 where the context is handed on.
    pub width: u32,
    /// Whether a load extends the sign.
    pub is_signed: bool,
    /// Whether the address is that of the context on each way to the instruction. If not, it may be
    /// something else on some, and nothing follows from the access alone.
    pub is_certain: bool,
    /// The CO-RE relocation of the instruction, by its place in
    /// [`ObjectFile::relocations`](super::super::ObjectFile::relocations). The displacement is
    /// decided by it when the program is loaded; here it is the one in the object's own types.
    pub relocation: Option<usize>,
    /// The function of the object that the context is handed to.
    pub callee: Option<Callee>,
    /// Whether a branch asks for what was loaded.
    pub is_compared: bool,
    /// Whether what was loaded is taken for an address: memory there is loaded or stored.
    pub is_followed: bool,
    /// Whether something is added to what was loaded, as to an address.
    pub is_added_to: bool,
    /// Where in the source it is, where the object says.
    pub line: Option<Line>,
}

impl Access {
    /// Where in the context it goes, in bytes from the start; several where the program decides. `None`
    /// where that can be anywhere.
    pub fn offsets(&self) -> Option<Vec<i64>> {
        let displacement = i64::from(self.displacement);
        let bases = match &self.base {
            Offsets::At(base) => std::slice::from_ref(base),
            Offsets::OneOf { offsets, .. } => offsets,
            Offsets::Unknown => return None,
        };
        let added = bases.iter().map(|base| base.wrapping_add(displacement));
        Some(added.collect())
    }

    /// Whether memory of the context is loaded or stored.
    pub fn is_of_memory(&self) -> bool {
        matches!(
            self.kind,
            AccessKind::Load | AccessKind::Store | AccessKind::Atomic
        )
    }
}

/// How far an address is from the context's start, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offsets {
    /// So far.
    At(i64),
    /// One of these, in ascending order.
    OneOf {
        /// At least two.
        offsets: Vec<i64>,
        /// Whether it is a constant on each way through the program, as where branches choose.
        is_per_path: bool,
    },
    /// Anything.
    Unknown,
}

impl Offsets {
    /// Whether it is the address that the program got, and no other.
    pub fn is_unmodified(&self) -> bool {
        *self == Self::At(0)
    }
}

/// What is done with the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AccessKind {
    /// A load from it.
    Load,
    /// A store to it.
    Store,
    /// An atomic operation on it.
    Atomic,
    /// Its address is calculated with, in a way that no verifier allows with an address: otherwise than by adding
    /// and subtracting.
    Altered,
    /// It is handed to a helper.
    Helper {
        /// The helper's number (`enum bpf_func_id`).
        number: i32,
        /// Which argument it is, from 1.
        argument: u8,
    },
    /// It is handed to a function of the kernel.
    KernelFunction {
        /// Which argument it is, from 1.
        argument: u8,
    },
    /// It is handed to a function of the object, which is followed.
    Function {
        /// Which argument it is, from 1.
        argument: u8,
    },
}

/// A function of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Callee {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it is global: the kernel verifies it by itself then, by the types of its arguments.
    pub is_global: bool,
}

/// A call of a global function of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GlobalCall {
    /// The ELF section of the call.
    pub section: Arc<str>,
    /// Where in that, in bytes.
    pub instruction_offset: u32,
    /// The function's name.
    pub callee: Arc<str>,
    /// What it gets, of each argument in a register.
    pub arguments: Vec<Passed>,
    /// Where in the source it is called, where the object says.
    pub line: Option<Line>,
}

/// What a function gets as an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Passed {
    /// What these loads have read from the context, as it was: their places in
    /// [`ProgramAccesses::accesses`]. On some way it may be a number.
    Read(Vec<usize>),
    /// The same with something added to it.
    Within(Vec<usize>),
    /// What an instruction with that CO-RE relocation has loaded, by its place in
    /// [`ObjectFile::relocations`](super::super::ObjectFile::relocations).
    Loaded(usize),
    /// What the helper of that number has returned.
    Returned(i32),
    /// An address on the stack.
    Stack,
    /// Anything else.
    Other,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file, as the compiler was given it.
    pub file: Arc<str>,
    /// From 1.
    pub number: u32,
    /// The line, without the white space around it; of a long one its start.
    pub text: Arc<str>,
    /// The name of the function that the instruction is in; empty where the object does not say.
    pub function: Arc<str>,
}

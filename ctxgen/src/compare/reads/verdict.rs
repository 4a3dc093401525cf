//! What is found of a program on a kernel.

use crate::hook::Hook;
use crate::object::meant::Source;

/// A program, and what becomes of it on a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Judged {
    /// The program's function.
    pub program: String,
    /// Its SEC name, as it stands in the source.
    pub section: String,
    /// Where it attaches, as far as the object says: SEC names.
    pub hooks: Vec<String>,
    /// What becomes of it, in one word.
    pub answer: Answer,
    /// Why, the worst first.
    pub reasons: Vec<Reason>,
    /// What tells the arguments that the author meant.
    pub source: Source,
    /// Each argument or part of the context that is read.
    pub reads: Vec<JudgedRead>,
    /// Declared arguments that are not read, and that would be misread: nothing is wrong with them.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Vec::is_empty"))]
    pub unread: Vec<JudgedRead>,
}

impl Judged {
    /// Whether the program is not examined, since it is for another architecture than the kernel's.
    pub(crate) fn is_of_another_architecture(&self) -> bool {
        let why = Unknown::Architecture;
        self.reads.is_empty() && self.reasons == [Reason::NotKnown { why }]
    }
}

/// What becomes of a program on a kernel, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Answer {
    /// It loads, attaches, and reads what it means to, as far as all of it was examined.
    Works,
    /// Something of it could not be told.
    Unknown,
    /// It cannot attach.
    DoesNotAttach,
    /// It is refused when it is loaded.
    DoesNotLoad,
    /// It loads, and reads something else than it means to.
    ReadsWrong,
}

/// Why a program does not work, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case", tag = "is")
)]
#[non_exhaustive]
pub enum Reason {
    /// Reads are of something else: see [`Judged::reads`].
    Reads,
    /// The kernel has no such hook.
    HookAbsent {
        /// The SEC name.
        hook: String,
        /// Whether that is certain. Of functions that breakpoints are set on, BTF need not know.
        is_certain: bool,
    },
    /// The hook is there, and no program can attach to it.
    CannotAttach {
        /// The SEC name.
        hook: String,
        /// Why not.
        why: String,
    },
    /// CO-RE finds no such field or type in the kernel, and the program does not ask before.
    Unrelocated {
        /// The struct and what of it: `task_struct.state`.
        what: String,
    },
    /// The kernel has no such function or variable (`__ksym`), and the program cannot do without.
    NoKernelFunction {
        /// Its name.
        name: String,
    },
    /// A function of the kernel takes other arguments than the object says.
    OtherPrototype {
        /// Its name.
        name: String,
    },
    /// The program's instructions need something that the kernel lacks: a helper, or an instruction.
    Lacks {
        /// What, in words.
        what: String,
    },
    /// Something is not known.
    NotKnown {
        /// What.
        why: Unknown,
    },
}

/// A part of the context that a program reads, and what it is on a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct JudgedRead {
    /// Where in the context it is.
    pub place: Place,
    /// How many bytes are read; `None` where that is not known.
    pub width: Option<u32>,
    /// What the author meant.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub meant: Option<Value>,
    /// What the kernel has there.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub found: Option<Value>,
    /// How the two fit.
    pub verdict: Verdict,
    /// What is worth knowing, though nothing is wrong with it.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Vec::is_empty"))]
    pub remarks: Vec<Remark>,
    /// Where in the source it is read first, where the object says.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub line: Option<SourceLine>,
    /// The first of the program's reads that it is of, by its place among them
    /// ([`ProgramReads::reads`](crate::object::reads::ProgramReads::reads)): the same on all kernels. `None`
    /// of what is declared and not read.
    #[cfg_attr(feature = "cli", serde(skip))]
    pub read: Option<usize>,
}

/// A line of source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SourceLine {
    /// The file, as the compiler was given it.
    pub file: String,
    /// From 1.
    pub number: u32,
    /// The line.
    pub text: String,
}

/// Where in a context something is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Place {
    /// In this slot, from 0.
    Slot(u32),
    /// In this register.
    Register(String),
    /// So many bytes behind the start.
    Byte(u32),
    /// The returned value, wherever it is (`bpf_get_func_ret`).
    Returned,
    /// It is not known.
    Unknown,
}

/// An argument, as the author means it or as the kernel has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Value {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its type: in C where it is the kernel's, else in words.
    pub r#type: String,
    /// Whether it is what the function returns.
    pub is_returned: bool,
}

/// How a read fits what a kernel has there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case", tag = "is")
)]
#[non_exhaustive]
pub enum Verdict {
    /// It is what was meant.
    Same,
    /// What was meant is elsewhere, and something else is read.
    Moved {
        /// Where it is.
        to: Place,
    },
    /// It is the argument that was meant, and of another type.
    OtherType,
    /// Another value is read.
    AnotherValue,
    /// Nothing is there: it is beyond the last argument, or the function returns nothing.
    Gone,
    /// It would be one of those, and is not read on this kernel, or only where something that the program
    /// asks before says so.
    Guarded {
        /// What it would be.
        instead: Box<Self>,
        /// What is asked.
        by: Vec<Asked>,
        /// Whether that is answered on this kernel, so that it is not read.
        is_answered: bool,
    },
    /// It is not known.
    NotKnown {
        /// Why not.
        why: Unknown,
    },
}

impl Verdict {
    /// Whether something else than what was meant is read.
    pub fn is_wrong(&self) -> bool {
        matches!(
            self,
            Self::Moved { .. } | Self::OtherType | Self::AnotherValue | Self::Gone
        )
    }
}

/// What a program asks before it reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Asked {
    /// A variable that user space sets, or libbpf (`LINUX_KERNEL_VERSION`).
    Variable(String),
    /// Whether the kernel has that field, type or value.
    Exists(String),
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Unknown {
    /// The section does not say what the program attaches to.
    NoHook,
    /// The probe is set behind the function's start, where registers need not hold its arguments.
    WithinFunction,
    /// It attaches to a function in user space.
    UserSpace,
    /// The kernel's BTF does not tell which it is, or what it passes, for this reason.
    Hook(String),
    /// Nothing tells what the author meant, and no kernel that it was built for is given.
    NotDeclared,
    /// The macro goes on in a line that the object does not have, and no kernel that it was built for is given.
    GoesOn,
    /// The argument has another name or another type that leaves both readings open.
    Ambiguous,
    /// The kernel does not have the struct that the author names, and so may have renamed it.
    NoSuchStruct(String),
    /// It cannot be told which part of the context is read.
    Place,
    /// It is a register that no argument of this function is in, or one of the argument registers when the
    /// function returns.
    Register,
    /// The object is for another architecture than the kernel's, or for the other byte order.
    Architecture,
    /// It is behind what the kernel's BTF describes.
    NotDescribed,
    /// It is an argument of a system call, behind the registers.
    SystemCall,
    /// The context is relocatable: [`check`](crate::check()) has the verdict.
    Relocatable,
    /// The program was not followed to its end: it is too long, or has instructions that are not known.
    NotFollowed,
    /// What is asked before is known only when it is loaded.
    Guard(String),
}

/// What is worth knowing of a read, though nothing is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Remark {
    /// The kernel has another name for it.
    OtherName,
    /// The number has so many bytes in the kernel, and more are read.
    Wider {
        /// How many the kernel's has.
        kernel: u32,
    },
    /// The kernel's struct starts with the one that is meant, or the other way round.
    StartsWith,
    /// The verifier refuses to load it, or what is done with it.
    Refused,
    /// The verifier takes the number for an address, of which the program calculates with the bits.
    Address,
}

/// SEC names of hooks.
pub(super) fn names(hooks: &[Hook]) -> Vec<String> {
    hooks.iter().map(ToString::to_string).collect()
}

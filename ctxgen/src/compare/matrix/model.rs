//! What a matrix consists of. All that a rendering needs is in it, as text and numbers: nothing has to be
//! looked up in an object or a kernel again.
//!
//! Texts are as they stand in objects, BTF and file names. Whatever renders them makes them fit for its
//! medium ([`crate::text`]). Places of kernels are indices into [`Matrix::kernels`].

use super::Status;
use crate::compare::reads::Place;
use crate::compare::reads::SourceLine;
use crate::compare::reads::Value;
use crate::object::meant::Source;

/// What the programs of some objects read, over some kernels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Matrix {
    /// The kernels, by architecture and then by version: the columns.
    pub kernels: Vec<Column>,
    /// The objects, in the order in which they were given.
    pub objects: Vec<Object>,
}

/// A kernel. Kernels whose BTF is the same, byte for byte, are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Column {
    /// Its name; no two are the same.
    pub label: String,
    /// The names of others with the same BTF.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Vec::is_empty"))]
    pub equal: Vec<String>,
    /// The architecture, as in the names of kernel packages (`x86_64`); `None` where nothing tells.
    pub arch: Option<String>,
    /// The version by which it is sorted, as in its name (`6.12.107`); `None` where the name has none.
    pub version: Option<String>,
}

/// A BPF object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Object {
    /// The file that it is, or that it is in: the path as it was given.
    pub file: String,
    /// What it is called: the path, and its place in the file where that has several (`/bin/x@0x1200`).
    pub name: String,
    /// Its programs, in the order of the object.
    pub programs: Vec<Program>,
}

/// A program, on all kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Program {
    /// Its function.
    pub name: String,
    /// Its SEC name, as it stands in the source.
    pub section: String,
    /// Where it attaches, as far as the object says: SEC names.
    pub hooks: Vec<String>,
    /// The context struct of ctxgen's that it takes, if any.
    pub r#struct: Option<String>,
    /// What tells the arguments that the author meant.
    pub source: Source,
    /// What becomes of it, for each kernel.
    pub answers: Vec<Answered>,
    /// What its hooks pass, for each kernel: declarations in C, a line each; of a record several lines.
    /// `None` where the kernel does not have them, or does not tell.
    pub prototypes: Vec<Option<String>>,
    /// What it reads and needs, the worst first.
    pub rows: Vec<Row>,
}

/// What becomes of a program on a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Answered {
    /// In one word: the worst of its rows, or [`Status::Same`] where it has none. [`Status::Skipped`] where the
    /// object is for the other byte order, and the matrix has kernels that it is for.
    pub status: Status,
    /// Why, a sentence each, the worst first; none where all is well.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Vec::is_empty"))]
    pub reasons: Vec<String>,
}

/// A part of the context that a program reads, or something else that it needs, on all kernels.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Row {
    /// What it is about.
    pub subject: Subject,
    /// The same for people, in a few words: `ret (slot 3)`, `fexit/vfs_unlink`, `task_struct.state`.
    pub what: String,
    /// Where in the source, where the object says.
    pub line: Option<SourceLine>,
    /// The worst of the cells.
    pub status: Status,
    /// A cell for each kernel.
    pub cells: Vec<Cell>,
    /// Neighbouring kernels of one architecture with the same status and the same sentence, in their order.
    pub runs: Vec<Run>,
    /// What is to be looked at: one for each status that is not fine ([`Status::is_fine`]), the worst
    /// first.
    pub findings: Vec<Finding>,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case", tag = "is")
)]
#[non_exhaustive]
pub enum Subject {
    /// An argument, or another part of the context, that is read.
    Read {
        /// The name that the author has for it, where that is known.
        name: Option<String>,
        /// What the author takes it for, in words; empty where that is not known.
        r#type: String,
        /// Where in the context it is read.
        place: Place,
        /// How many bytes are read, where that is known.
        width: Option<u32>,
    },
    /// An argument that is declared and not read.
    Declared {
        /// The name that the author has for it, where it has one.
        name: Option<String>,
        /// What the author takes it for, in words.
        r#type: String,
        /// Where in the context it would be read.
        place: Place,
    },
    /// An argument of a context struct of ctxgen's.
    Argument {
        /// The struct's field.
        name: String,
    },
    /// The hook that the program attaches to.
    Hook {
        /// The SEC name.
        hook: String,
    },
    /// A field or a type of the kernel's that CO-RE looks for.
    Field {
        /// `task_struct.state`.
        what: String,
    },
    /// What the program's instructions need.
    Needed {
        /// What, in words: a helper, or a kind of instruction.
        what: String,
    },
    /// A function or variable of the kernel (`__ksym`).
    KernelFunction {
        /// Its name.
        name: String,
    },
    /// The program as a whole.
    Program,
}

/// What a row says of a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Cell {
    /// In one word.
    pub status: Status,
    /// In a sentence, without the name of the kernel and without a full stop; empty where there is nothing
    /// to say.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "String::is_empty"))]
    pub sentence: String,
    /// What the kernel has there.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub found: Option<Value>,
    /// Where the kernel has what is meant, if that is elsewhere.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Option::is_none"))]
    pub moved_to: Option<Place>,
}

/// Neighbouring kernels of one architecture of which a row says the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Run {
    /// The place of the first kernel.
    pub first: usize,
    /// The place of the last.
    pub last: usize,
    /// What is said of each.
    pub status: Status,
    /// Likewise.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "String::is_empty"))]
    pub sentence: String,
}

/// One status of a row that is not fine, and the kernels on which it is so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Finding {
    /// The status.
    pub status: Status,
    /// Tells it from others, and is the same in the next run: 16 hexadecimal digits of the file's name, the
    /// program, what the row is about and the status. Kernels, lines and places in the file have no part in it.
    pub fingerprint: String,
    /// The places of the kernels, in ascending order.
    pub kernels: Vec<usize>,
    /// The kernels as ranges for people: `6.19 →`, `5.10 – 6.1, 6.12`, `all kernels`.
    pub ranges: String,
    /// What is said of the newest of them, in a sentence.
    pub sentence: String,
    /// Those of the kernels on which a baseline has it already.
    #[cfg_attr(feature = "cli", serde(skip_serializing_if = "Vec::is_empty"))]
    pub known: Vec<usize>,
    /// Whether it makes the command fail.
    pub fails: bool,
}

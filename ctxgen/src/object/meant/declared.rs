//! What a context and its arguments are taken for.

use super::meaning::Meaning;
use crate::btf::TypeId;

/// Names of the structs that registers are in (`PT_REGS_*` of libbpf's `bpf_tracing.h`).
pub(crate) const REGISTERS: [&str; 3] = ["pt_regs", "user_pt_regs", "user_regs_struct"];
/// The kernel's own struct of an array of slots.
pub(super) const SLOTS: &str = "bpf_raw_tracepoint_args";

/// What the author of a program takes its context for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Meant {
    /// What it is taken for as a whole.
    pub context: Taken,
    /// The arguments, in their order, as far as they are declared.
    pub arguments: Vec<Declared>,
    /// What tells the arguments.
    pub source: Source,
    /// Whether there may be more arguments behind those.
    pub is_partial: bool,
    /// Whether the arguments are those of a system call, behind those of the function.
    pub of_system_call: bool,
}

/// What a context is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Taken {
    /// An array of slots.
    Slots,
    /// The registers.
    Registers,
    /// This struct, of the object's BTF.
    Struct(TypeId),
    /// Nothing says so.
    Unknown,
}

/// Where arguments are declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(
    feature = "cli",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Source {
    /// Nowhere.
    Nowhere,
    /// In the line of the macro, as it is in `.BTF.ext`: names, and types as they are written.
    Line,
    /// In debug information.
    Debug,
    /// In the struct that the context is taken for.
    Struct,
}

/// A declared argument.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Declared {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What it is taken for.
    pub meaning: Meaning,
}

impl Meant {
    /// Without arguments.
    pub(super) fn undeclared(context: Taken, source: Source) -> Self {
        Self {
            context,
            arguments: Vec::new(),
            source,
            is_partial: true,
            of_system_call: false,
        }
    }
}

impl Taken {
    pub(super) fn or(self, other: Self) -> Self {
        match self {
            Self::Unknown => other,
            taken => taken,
        }
    }
}

//! Contexts for several kernels, and their fields.

use crate::btf::TypeId;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::layout::Field;
use crate::layout::Layout;
use crate::layout::SystemCallArguments;
use crate::layout::Unsupported;
use crate::prototype::NamesFrom;
use crate::prototype::pairing::KnownBy;

/// A context struct for several kernels.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Merged {
    /// The struct's name.
    pub struct_name: String,
    /// The hooks whose programs get it on one of the kernels at least, in the order of the family
    /// table.
    pub hooks: Vec<Hook>,
    /// Hooks with this struct that no program can attach to on any of them, and why.
    pub refused: Vec<(Hook, Unsupported)>,
    /// The kernels that lack the struct, as indices.
    pub lacking: Vec<usize>,
    /// What it consists of.
    pub shape: MergedShape,
}

/// What a context struct for several kernels consists of.
#[derive(Clone, Debug)]
pub enum MergedShape {
    /// Arguments.
    Generated {
        /// What the struct is laid over on the kernels.
        passing: Passing,
        /// The fields, those of the first kernel in their order.
        fields: Vec<MergedField>,
        /// Where the names are from on the first kernel that has the hook.
        names_from: NamesFrom,
        /// What the program has to return, and the kernel that the type is from, as an index.
        returns: Option<(usize, TypeId)>,
        /// A system call's arguments, which no kernel moves, and the kernel that their types are from, as
        /// an index.
        system_call: Option<(usize, Box<SystemCallArguments>)>,
    },
    /// What is the same on all kernels, since it is none of theirs: a function in user space.
    Fixed {
        /// The fields, where they are.
        layout: Layout,
        /// Where their names are from.
        names_from: NamesFrom,
    },
    /// A struct of the first kernel's own.
    Kernel {
        /// The struct's type in that kernel's BTF.
        type_id: TypeId,
    },
    /// No struct of the kernel's; see [`Shape::Other`](crate::Shape::Other).
    Other {
        /// What a program's argument points to, in C.
        pointee: &'static str,
        /// What that is.
        what: &'static str,
    },
}

/// A field that some kernels have.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MergedField {
    /// As the kernel `of` has it; the name is the argument's, with `___` and the type behind it
    /// where other kernels' arguments of that name cannot be read with this type.
    pub field: Field,
    /// The kernel that the type is from, as an index.
    pub of: usize,
    /// The kernels that have the hook but not this field, as indices.
    pub lacking: Vec<usize>,
    /// The kernels that call it by this name, as indices.
    pub called: Vec<usize>,
    /// What other kernels call it.
    pub others: Vec<OtherName>,
}

/// A name that some kernels have for an argument which others call otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OtherName {
    /// The name.
    pub name: String,
    /// The kernels that have it, as indices.
    pub called: Vec<usize>,
    /// What tells that the argument is the same.
    pub by: KnownBy,
}

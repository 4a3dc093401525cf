//! What a hook passes to its programs.

use super::Record;
use super::Signature;
use crate::btf::TypeId;

/// What a hook passes to its programs.
#[derive(Clone, Debug)]
pub enum Prototype {
    /// A function's arguments, or its result.
    Function(Signature),
    /// The record of a trace event.
    Record(Record),
    /// A struct of the kernel's own.
    Kernel {
        /// The struct's type.
        type_id: TypeId,
    },
    /// A pointer to what is no struct of the kernel's.
    Other {
        /// What the pointer points to, in C.
        pointee: &'static str,
        /// What that is.
        what: &'static str,
    },
}

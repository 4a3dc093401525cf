//! Why an object's contexts cannot be relocated.

use crate::btf::ByteOrder;
use crate::kernel::Origin;

/// Why an object's contexts cannot be relocated for a kernel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The object is for machines of the other byte order.
    #[error("the BPF object is {object}, and {origin} is {kernel}")]
    ByteOrder {
        /// The object's.
        object: ByteOrder,
        /// The kernel's.
        kernel: ByteOrder,
        /// The kernel.
        origin: Origin,
    },
    /// Two contexts that CO-RE takes for one.
    #[error(
        "struct {one} and struct {other} are the same to CO-RE, which drops three underscores and what \
         follows them from a type's name, so that their fields cannot be told apart: put the programs \
         for one of them into an object of their own, or build them with fixed contexts"
    )]
    SameName {
        /// One of the structs.
        one: String,
        /// The other.
        other: String,
    },
    /// Two contexts under the same name.
    #[error(
        "{alias} is a typedef of struct {one} in one place and of struct {other} in another, which are the \
         same to CO-RE, so that their fields cannot be told apart: give them different names"
    )]
    SameAlias {
        /// The name of the typedef.
        alias: String,
        /// One of the structs.
        one: String,
        /// The other.
        other: String,
    },
    /// A program takes the context of another hook.
    #[error(
        "program {program}, SEC(\"{section}\"): it takes struct {context}, which is another hook's: it \
         should take struct {right}"
    )]
    OtherContext {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// The struct that it takes.
        context: String,
        /// The struct of its hook.
        right: String,
    },
    /// A context struct of two hooks that have different arguments.
    #[error(
        "programs for `{one}` and `{other}` take struct {context}, and {origin} passes them different \
         arguments, while the struct is relocated for one of them: put the programs for one of the hooks \
         into an object of their own"
    )]
    OneStruct {
        /// The struct.
        context: String,
        /// A hook.
        one: String,
        /// The other.
        other: String,
        /// The kernel.
        origin: Origin,
    },
}

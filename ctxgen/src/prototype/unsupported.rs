//! Why no program can attach to a hook, or none can be given a context.

use crate::kernel::Arch;
use crate::kernel::UserRefusal;

/// The size of a slot of the context array, in bytes.
pub const SLOT: u32 = 8;
/// The most slots that arguments may take: `MAX_BPF_FUNC_ARGS` of `include/linux/bpf.h`.
pub(crate) const MAX_SLOTS: u32 = 12;
/// The largest struct or union that is passed by value, in bytes.
pub(crate) const MAX_BY_VALUE: u32 = 16;

/// Why no program can attach to a hook that is there, or none can be given a context.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsupported {
    /// The typedef `btf_trace_<tp>` is missing.
    #[error(
        "the kernel's BTF lacks the typedef btf_trace_ of this tracepoint, as kernels built with \
         older clang do; a raw_tp program can attach"
    )]
    NoTracepointTypedef,
    /// Its prototype passes something by value of a kind that ctxgen does not know.
    #[error(
        "its prototype passes a type of BTF kind {0}, which this version of ctxgen does not know; a \
         newer one may"
    )]
    UnknownKind(u32),
    /// What is known of a program in user space does not tell where the function has its arguments.
    #[error(transparent)]
    User(#[from] UserRefusal),
    /// The function is variadic.
    #[error("the function is variadic, and trampolines cannot pass such arguments on")]
    Variadic,
    /// The function returns a struct.
    #[error("the function returns a struct, and trampolines support none")]
    ReturnsStruct,
    /// The function returns something that has no size in a register.
    #[error("the function returns a {0}, which trampolines do not support")]
    ReturnsOther(&'static str),
    /// More arguments than the context can hold.
    #[error("its arguments take {0} slots of 8 bytes, and a context holds {MAX_SLOTS}")]
    TooManySlots(u32),
    /// More parameters than C's limit.
    #[error("it has more than {0} parameters, which is more than any compiler has to accept")]
    TooManyParameters(usize),
    /// An argument that is larger than two slots.
    #[error(
        "its argument `{name}` has {size} bytes, and at most {MAX_BY_VALUE} can be passed by value"
    )]
    TooLarge {
        /// The argument.
        name: String,
        /// In bytes.
        size: u32,
    },
    /// An argument of a type that is no integer, enum, pointer, struct or union.
    #[error("its argument `{name}` is a {kind}, which trampolines do not support")]
    OddType {
        /// The argument.
        name: String,
        /// The BTF kind.
        kind: &'static str,
    },
    /// A struct passed by value on a big-endian target.
    #[error(
        "its argument `{0}` is a struct passed by value, which trampolines of big-endian kernels \
         do not support"
    )]
    BigEndianStruct(String),
    /// It is not known which registers functions have their arguments in.
    #[error(
        "ctxgen does not know in which registers functions of {} have their arguments; the program can \
         take the struct of registers instead", .0.map_or("an unknown architecture", Arch::rust_name)
    )]
    NoConvention(Option<Arch>),
    /// The kernel's BTF does not say what the struct of registers looks like.
    #[error("the kernel's BTF has no struct of registers with {0} in it")]
    NoRegisters(String),
    /// Two members of `struct_ops` have the same struct name.
    #[error("its struct would have the name of two: struct_ops/{one} and struct_ops/{other}")]
    SharedName {
        /// Ops type and member of the one.
        one: String,
        /// Of the other.
        other: String,
    },
    /// An argument whose name cannot be emitted.
    #[error("its argument name {0:?} is not a C identifier")]
    BadArgumentName(String),
}

//! Why bytes are no BTF.

use super::HeaderError;
use super::TypeId;

/// Why bytes could not be taken for BTF.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BtfError {
    /// The header is not that of a BTF blob.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// libbpf refused what it was given of the blob.
    #[error("libbpf finds it malformed ({0})")]
    Malformed(std::io::Error),
    /// A kind of type that ctxgen does not know, and no layout section says how long it is.
    #[error(
        "its type {id} is of kind {kind}, which this version of ctxgen does not know, and it has no \
         layout section that would tell how to step over it: use a newer ctxgen, or make the BTF \
         with pahole's `layout` feature"
    )]
    UnknownKind {
        /// The type.
        id: TypeId,
        /// Its `BTF_KIND_*` number.
        kind: u32,
    },
    /// A split BTF without its base.
    #[error(
        "it is the BTF of a kernel module, which is incomplete without its vmlinux's: give the vmlinux's \
         BTF as the kernel's, and this one as a module's"
    )]
    Split,
    /// Types and strings overlap, or types are not at a multiple of four bytes.
    #[error("its types overlap its strings, or are not at a multiple of four bytes")]
    Sections,
    /// There are no strings, or the last of them has no end.
    #[error("it has no strings, or the last one has no end")]
    Strings,
    /// The types end in the midst of one.
    #[error("its type {0} goes beyond the end of the types")]
    Truncated(TypeId),
    /// A type has a name, or something in it has, that is beyond the last string.
    #[error("its type {0} has a name that is beyond the end of the strings")]
    NoSuchName(TypeId),
    /// Names share their bytes (each may be the end of another), and are many times the BTF's size together.
    #[error(
        "its names are {len} bytes or more, counted once for each type that has them, and the BTF has {of}: \
         no compiler writes this"
    )]
    Names {
        /// How many bytes were counted.
        len: usize,
        /// How many bytes of types and strings there are.
        of: usize,
    },
    /// A type refers to one that is not there.
    #[error("its type {id} refers to type {to}, which does not exist")]
    NoSuchType {
        /// The type.
        id: TypeId,
        /// What it refers to.
        to: TypeId,
    },
    /// A function's prototype is none.
    #[error("its type {id} is a function, and its type {to} is no prototype")]
    NoPrototype {
        /// The function.
        id: TypeId,
        /// What it refers to.
        to: TypeId,
    },
}

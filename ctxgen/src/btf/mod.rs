//! BTF: one reader ([`Btf`]), one writer ([`BtfWriter`]), one table of kinds.
//!
//! BTF is untrusted. What is parsed has been checked: every string offset, section length and type id is
//! inside its table. Cycles and depth are not checked, so walks over types are bounded ([`Btf::resolve`]).
//! Types are in host byte order, whatever the file's.

mod blob;
mod check;
mod children;
pub(crate) mod compat;
mod composite;
pub(crate) mod copy;
mod dump;
mod duplicate_names;
mod header;
mod libbpf;
mod lookup;
mod measure;
mod places;
mod reader;
mod tags;
mod type_layout;
mod types;
mod unknown;
mod validate;
mod writer;

pub use self::composite::Composite;
pub use self::composite::Member;
pub use self::dump::CDump;
pub use self::dump::DumpError;
pub use self::header::ByteOrder;
pub use self::header::HeaderError;
pub use self::reader::Btf;
pub use self::types::Enumerator;
pub use self::types::IntEncoding;
pub use self::types::Kind;
pub use self::types::Param;
pub use self::types::Type;
pub use self::types::TypeId;
pub use self::writer::BtfWriter;

pub(crate) use self::children::Child;
pub(crate) use self::header::Sections;
pub(crate) use self::header::assemble;
pub(crate) use self::libbpf::for_libbpf;
pub(crate) use self::libbpf::known;
pub(crate) use self::places::steps;
pub(crate) use self::reader::Below;
pub(crate) use self::type_layout::KINDS;
pub(crate) use self::type_layout::Lengths;
pub(crate) use self::type_layout::Role;
pub(crate) use self::type_layout::Shape;
pub(crate) use self::type_layout::TYPE_WORDS;
pub(crate) use self::type_layout::is_unknown;
pub(crate) use self::type_layout::kind_number;
pub(crate) use self::type_layout::vlen;
pub(crate) use self::type_layout::with_vlen;
pub(crate) use self::types::MAX_PARAMETERS;

/// How many modifiers and typedefs may stand between a type and what it names.
///
/// The kernel's own limit for such a chain is 32 (`MAX_RESOLVE_DEPTH` in `kernel/bpf/btf.c`).
const MAX_MODIFIERS: usize = 32;

/// How long a name in BTF may be, with the NUL behind it (`btf_name_valid_identifier` and its relatives in
/// `kernel/bpf/btf.c`).
pub(crate) const KSYM_NAME_LEN: usize = 512;

/// A name of BTF, of which no more than [`KSYM_NAME_LEN`] bytes were looked at; the replacement character
/// where it is longer than the kernel's are, or no UTF-8.
pub(crate) fn printable_name(name: &[u8]) -> &str {
    match std::str::from_utf8(name) {
        Ok(name) if name.len() < KSYM_NAME_LEN => name,
        _ => NO_NAME,
    }
}

/// How much is looked at of a string that is no name, in bytes: as much as a path may have (`PATH_MAX`).
const MAX_TEXT: usize = 4096;

/// In the place of a name that is none.
pub(crate) const NO_NAME: &str = "\u{fffd}";

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
        "it is the BTF of a kernel module, which continues that of its vmlinux and says nothing \
         without: give the vmlinux's as the kernel's, and this one as a module's"
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
    /// A type refers to one that is not there.
    #[error("its type {id} refers to type {to}, and there is none of that number")]
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

//! BTF: one reader ([`Btf`]), one writer ([`BtfWriter`]), one table of kinds.
//!
//! BTF is untrusted. What is parsed has been checked: every string offset, section length and type id is
//! inside its table. Cycles and depth are not checked, so walks over types are bounded ([`Btf::resolve`]).
//! Types are in host byte order, whatever the file's.

mod blob;
mod children;
pub(crate) mod compat;
mod composite;
pub(crate) mod copy;
mod duplicate_names;
mod error;
mod header;
mod libbpf;
mod lookup;
mod measure;
mod name;
mod places;
mod print;
mod reader;
mod tags;
mod type_id;
mod type_layout;
mod types;
mod unknown;
mod validate;
mod writer;

pub use self::composite::Composite;
pub use self::composite::Member;
pub use self::error::BtfError;
pub use self::header::ByteOrder;
pub use self::header::HeaderError;
pub use self::print::CPrinter;
pub use self::print::Definitions;
pub use self::print::DumpError;
pub use self::reader::Btf;
pub use self::type_id::TypeId;
pub use self::types::Enumerator;
pub use self::types::IntEncoding;
pub use self::types::Kind;
pub use self::types::Param;
pub use self::types::Type;
pub use self::writer::BtfWriter;

pub(crate) use self::blob::Held;
pub(crate) use self::children::Child;
pub(crate) use self::header::Sections;
pub(crate) use self::header::assemble;
pub(crate) use self::libbpf::for_libbpf;
pub(crate) use self::name::KSYM_NAME_LEN;
pub(crate) use self::name::NO_NAME;
pub(crate) use self::name::printable_name;
pub(crate) use self::places::steps;
pub(crate) use self::print::c_integer;
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

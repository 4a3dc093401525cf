//! A compiled BPF object: its types, its programs, and what CO-RE has to relocate in it.

pub mod accesses;
mod aliases;
mod claims;
mod code;
#[cfg(feature = "generate")]
mod declared;
mod elf;
#[cfg(feature = "reads")]
mod embedded;
mod error;
mod ext;
mod externals;
mod field_access;
mod fields;
mod file;
#[cfg(feature = "generate")]
mod functions;
mod instruction;
#[cfg(feature = "generate")]
mod license;
mod live;
#[cfg(feature = "reads")]
pub mod meant;
mod names;
#[cfg(feature = "reads")]
mod needs;
mod path;
mod place;
mod program;
mod struct_ops;
#[cfg(feature = "generate")]
mod undefined;
mod variables;

#[cfg(feature = "reads")]
pub use self::accesses::reads;
#[cfg(feature = "generate")]
pub use self::declared::complete_declarations;
use self::elf::Elf;
#[cfg(feature = "reads")]
pub use self::embedded::embedded;
pub use self::error::ObjectError;
pub use self::ext::ExtError;
pub use self::ext::Relocation;
pub use self::ext::RelocationKind;
pub use self::externals::External;
pub use self::file::ObjectFile;
#[cfg(feature = "generate")]
pub use self::functions::Functions;
#[cfg(feature = "generate")]
pub use self::functions::Parameter;
#[cfg(feature = "generate")]
pub use self::functions::Pointee;
#[cfg(feature = "generate")]
pub use self::license::GplOnly;
#[cfg(feature = "generate")]
pub use self::license::Unlicensed;
#[cfg(feature = "generate")]
pub use self::license::gpl_only_helper;
#[cfg(feature = "generate")]
pub use self::license::unlicensed;
pub use self::path::Step;
pub use self::place::PlacedField;
pub use self::program::Program;
#[cfg(feature = "generate")]
pub use self::undefined::Undefined;

pub(crate) use self::code::Place;
pub(crate) use self::field_access::first_field;
pub(crate) use self::field_access::is_only_loaded;
pub(crate) use self::fields::context_arguments;
pub(crate) use self::fields::context_fields;
pub(crate) use self::fields::own_type;
pub(crate) use self::fields::slots;
pub(crate) use self::live::Flow;
#[cfg(feature = "reads")]
pub(crate) use self::needs::Need;
#[cfg(feature = "reads")]
pub(crate) use self::needs::needs;

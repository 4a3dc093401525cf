//! A compiled BPF object: its types, its programs, and what CO-RE has to relocate in it.

pub mod accesses;
mod aliases;
mod code;
mod declared;
mod elf;
mod error;
mod ext;
mod field_access;
mod fields;
mod file;
mod functions;
mod instruction;
mod license;
mod live;
mod names;
mod path;
mod place;
mod program;
mod struct_ops;

pub use self::declared::complete_declarations;
use self::elf::Elf;
pub use self::error::ObjectError;
pub use self::ext::ExtError;
pub use self::ext::Relocation;
pub use self::ext::RelocationKind;
pub use self::file::ObjectFile;
pub use self::functions::Functions;
pub use self::functions::Parameter;
pub use self::functions::Pointee;
pub use self::license::GplOnly;
pub use self::license::Unlicensed;
pub use self::license::gpl_only_helper;
pub use self::license::unlicensed;
pub use self::path::Step;
pub use self::place::PlacedField;
pub use self::program::Program;

pub(crate) use self::code::Place;
pub(crate) use self::field_access::first_field;
pub(crate) use self::field_access::is_only_loaded;
pub(crate) use self::fields::context_arguments;
pub(crate) use self::fields::context_fields;
pub(crate) use self::fields::own_type;
pub(crate) use self::fields::slots;
pub(crate) use self::live::Flow;

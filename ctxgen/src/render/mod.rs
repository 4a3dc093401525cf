//! Renderings of the ctx BTF: text for the C compiler and for people.

mod about;
mod access;
mod error;
mod header;
#[cfg(feature = "cli")]
pub mod matrix;
mod own;
mod report;
#[cfg(feature = "rust-programs")]
pub mod rust_programs;
mod statics;
mod vmlinux;

use self::access::access;
use self::access::dump_error;
pub use self::error::RenderError;
pub use self::header::header;
pub use self::own::header_for;
pub use self::own::own_macros;
pub use self::report::FieldReport;
pub use self::report::Report;
pub use self::report::Reports;
pub use self::report::reports;
pub use self::report::unsupported;
pub use self::statics::static_offsets_macro;
pub use self::vmlinux::ksym;
pub use self::vmlinux::vmlinux;
pub use self::vmlinux::vmlinux_for;
pub use self::vmlinux::vmlinux_with_all;
pub use self::vmlinux::vmlinux_without_types;

//! Typed context structs for BPF programs, generated from kernel BTF.
pub mod btf;
mod context;
mod ctx_btf;
mod error;
mod hook;
mod ident;
mod kernel;
pub mod layout;
mod nearest;
pub mod prototype;
pub mod render;
mod trim;

pub use self::btf::ByteOrder;
pub use self::context::Context;
pub use self::context::Shape;
pub use self::ctx_btf::CtxBtf;
pub use self::ctx_btf::CtxStruct;
pub use self::error::Error;
pub use self::hook::*;
pub use self::ident::is_identifier;
pub use self::kernel::*;
pub use self::trim::Trim;

/// Brings what `ctxgen-build` made of a BPF source into the crate: the items of the libbpf-rs
/// skeleton, and the context structs in a module `ctx`.
///
/// The argument is the source's file name up to the first dot. Give each its own module:
///
/// ```ignore
/// mod guard {
///     ctxgen::include_bpf!("guard");
/// }
///
/// use guard::GuardSkelBuilder;
/// use guard::ctx::btf_lsm_file_mprotect_ctx;
/// ```
#[macro_export]
macro_rules! include_bpf {
    ($name:literal) => {
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

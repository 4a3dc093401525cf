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

pub use self::context::Context;
pub use self::context::Shape;
pub use self::ctx_btf::CtxBtf;
pub use self::ctx_btf::CtxStruct;
pub use self::error::Error;
pub use self::hook::*;
pub use self::ident::is_identifier;
pub use self::kernel::*;

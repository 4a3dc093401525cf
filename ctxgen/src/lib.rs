//! Typed context structs for BPF programs, generated from kernel BTF.
//!
//! A program on a raw tracepoint, an fentry or fexit point or an LSM hook gets an array of 64-bit
//! slots. This crate makes a struct of it, from the target kernel's own type information:
//!
//! ```no_run
//! use ctxgen::Context;
//! use ctxgen::CtxBtf;
//! use ctxgen::KernelBtf;
//! use ctxgen::render;
//!
//! # fn main() -> Result<(), ctxgen::Error> {
//! let kernel = KernelBtf::from_path("vmlinux.btf")?;
//! let context = Context::of_hook(&kernel, &"fexit.s/vfs_unlink".parse()?)?;
//! let ctx = CtxBtf::new(&kernel, [context])?;
//! println!("{}", render::header(&ctx)?);
//! # Ok(())
//! # }
//! ```
//!
//! # Words
//!
//! - A **hook** is where a program attaches, written as libbpf's `SEC()` name: [`Hook`].
//! - A **family** is the part before the slash, variants folded: [`Family`].
//! - A **slot** is 8 bytes of the context array. An argument takes as many as it needs.
//! - **Kernel BTF** is the target kernel's type information: [`KernelBtf`].
//! - **ctx BTF** is a split BTF on top of that, with one struct per context, as a kernel module's
//!   would be: [`CtxBtf`].
//!
//! # The way through
//!
//! Data runs one way, and each step knows nothing of those behind it: kernel BTF ([`KernelBtf`]), hook
//! ([`Hook`]), prototype ([`prototype`]), layout ([`layout`]), ctx BTF ([`CtxBtf`]), renderings
//! ([`render`]). The same BTF and hooks give the same bytes.
//!
//! # Input that is not trusted
//!
//! An input of N bytes is to cost at most 64 MiB of memory and 40 times N, and 10 s for 10 MB in a build with
//! optimization; tests hold BTF to it whose types share names and prototypes. Names are those of at most 511
//! bytes (`KSYM_NAME_LEN`), prototypes of hooks those of at most 127 parameters, and a printer writes at most
//! 8 MiB and 4 bytes of text for each byte of BTF.
//!
//! # Several kernels
//!
//! [`Drift`] is how a hook's prototype differs among kernels, and [`check()`] holds the contexts of a
//! compiled object against one. [`reads`] does so for objects that were built without ctxgen. Contexts for
//! all of them ([`merge`]) are relocated when a program is loaded, through [`Loader`].
//!
//! # Features
//!
//! - `images` reads kernel BTF out of compressed files, kernel images and archives
//!   ([`kernel_btf_bytes`]).
//! - `cli` builds the `ctxgen` command.
//!
//! The library alone is light enough to be linked into the program that loads the BPF objects.

pub mod btf;
mod compare;
mod compiler;
mod context;
mod ctype;
mod declaration;
mod error;
mod hook;
mod image;
mod kernel;
pub mod layout;
mod load;
mod minimize;
mod module;
pub mod object;
mod pin;
pub mod prototype;
pub mod render;
mod sorted;
pub mod text;
mod tracefs;
mod usage;
mod user;

pub use self::btf::ByteOrder;
pub use self::btf::compat::essential_name;
pub use self::compare::CompareError;
pub use self::compare::check;
pub use self::compare::drift;
pub use self::compare::drift::Drift;
pub use self::compare::matrix;
pub use self::compare::reads;
pub use self::compare::targets::TargetError;
pub use self::compiler::CLANG_TIMEOUT;
pub use self::compiler::CLANG_TIMEOUT_VARIABLE;
pub use self::compiler::RunError;
pub use self::compiler::clang_args;
pub use self::compiler::run_bounded;
pub use self::compiler::system_folders;
pub use self::compiler::system_folders_args;
pub use self::compiler::timeout_from;
pub use self::context::Context;
pub use self::context::ContextError;
pub use self::context::Shape;
pub use self::context::ctx_btf::CtxBtf;
pub use self::context::ctx_btf::CtxStruct;
pub use self::context::ctx_btf::Lacking;
pub use self::context::merged as merge;
pub use self::context::multi::unshared;
pub use self::context::similar::similar_structs;
pub use self::declaration::DeclarationError;
pub use self::error::Error;
pub use self::hook::*;
pub use self::kernel::*;
pub use self::load::AbsentHook;
pub use self::load::LoadError;
pub use self::load::Loader;
pub use self::load::RenamedArgument;
pub use self::minimize::Trim;
pub use self::pin::Pin;
pub use self::pin::PinCommand;
pub use self::pin::PinError;
pub use self::pin::pin;
pub use self::prototype::Addition;
pub use self::prototype::PrototypeError;
pub use self::prototype::pairing::KnownBy;
pub use self::render::RenderError;
pub use self::text::ident::is_identifier;
pub use self::usage::closure::Reach;
pub use self::usage::identifiers::Line;
pub use self::usage::identifiers::Marker;
pub use self::usage::identifiers::Names;
pub use self::usage::identifiers::Request;
pub use self::usage::identifiers::Requests;
pub use self::usage::identifiers::replace_stand_in;

/// Tells this build of the crate from others: its version, and a digest of its sources. What is kept of
/// another build's making may be made otherwise by this one.
pub const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "+", env!("CTXGEN_SOURCES"));

/// Brings what `ctxgen-build` made of a BPF source into the crate: the items of the libbpf-rs
/// skeleton, and the context structs in a module `ctx`.
///
/// The argument is the object's name: the source's file name up to the first dot, with `_` for what
/// cannot be in an identifier, or the name that `Builder::source_as` or `Builder::object` gave it.
/// Give each its own module:
///
/// ```ignore
/// mod guard {
///     ctxgen::include_bpf!("guard");
/// }
///
/// use guard::GuardSkelBuilder;
/// use guard::ctx::btf_lsm_file_mprotect_ctx;
/// ```
///
/// The skeleton is of the `libbpf_rs` that this crate was built with: it does not matter by which
/// name, if any, the package depends on that itself.
#[macro_export]
macro_rules! include_bpf {
    ($name:literal) => {
        #[allow(unused_imports, clippy::restriction, reason = "generated")]
        use $crate::__include_bpf;
        include!(concat!(env!("OUT_DIR"), "/", $name, ".rs"));
    };
}

/// What generated modules name.
#[doc(hidden)]
pub mod __include_bpf {
    pub use libbpf_rs;
}

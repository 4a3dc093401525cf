//! Typed context structs for BPF programs, generated from kernel BTF.
//!
//! A program on a raw tracepoint, an fentry or fexit point or an LSM hook gets an array of 64-bit
//! slots. This crate generates a struct with the same layout, from the target kernel's own type
//! information:
//!
//! ```no_run
//! # #[cfg(feature = "generate")]
//! # fn main() -> Result<(), ctxgen::Error> {
//! use ctxgen::Context;
//! use ctxgen::CtxBtf;
//! use ctxgen::KernelBtf;
//! use ctxgen::render;
//!
//! let kernel = KernelBtf::from_path("vmlinux.btf")?;
//! let context = Context::of_hook(&kernel, &"fexit.s/vfs_unlink".parse()?)?;
//! let ctx = CtxBtf::new(&kernel, [context])?;
//! println!("{}", render::header(&ctx)?);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "generate"))]
//! # fn main() {}
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
//! # Steps
//!
//! Data flows in one direction, and no step uses a later one: kernel BTF ([`KernelBtf`]), hook ([`Hook`]),
//! prototype ([`prototype`]), layout ([`layout`]), ctx BTF ([`CtxBtf`]), output ([`render`]). The same BTF and
//! hooks give the same bytes.
//!
//! # Untrusted input
//!
//! An input of N bytes needs at most 64 MiB plus 40 times N of memory, and 10 s for 10 MB in an optimized build.
//! A compressed input counts with its uncompressed size, which is at most 16 MiB plus 20 times its own. Tests
//! check this for BTF, objects, debug information and compressed files, also with parts that overlap. A name has
//! at most 511 bytes (`KSYM_NAME_LEN`), all names of a BTF at most 16 MiB plus 4 times its size, the prototype of
//! a hook at most 127 parameters, and a printer writes at most 8 MiB plus 4 bytes of text for each byte of BTF.
//! The project's `docs/limits.md` has all limits.
//!
//! # Several kernels
//!
//! [`Drift`] tells how a hook's prototype differs among kernels, and [`check()`] compares the contexts of a
//! compiled object with a kernel. [`reads`] does so for objects that were built without ctxgen. Contexts for
//! several kernels ([`merge`]) are relocated when [`Loader`] loads the program.
//!
//! # Features
//!
//! - `load` (default): [`Loader`], for programs that load BPF objects.
//! - `generate`: headers, BTF of contexts, lists, reports and pinned BTF, for build scripts ([`CtxBtf`],
//!   [`render`], [`pin()`]).
//! - `rust-programs`: contexts for BPF programs in Rust ([`render::rust_programs`]).
//! - `reads`: comparison of any object's reads with kernels ([`reads`]).
//! - `migrate`: rewriting of sources that use `BPF_PROG` and the like to context structs ([`migrate`]).
//! - `dwarf`: prototypes of user-space functions from debug information.
//! - `images`: kernel BTF from compressed files, kernel images and archives, and compressed debug
//!   information ([`kernel_btf_bytes`]).
//! - `cli`: all of the above, and reports in JSON, SARIF and HTML, for the `ctxgen` command (package
//!   `ctxgen-cli`).
//!
//! Without features, there are contexts and comparisons: [`Context`], [`Drift`] and [`check()`].

#![cfg_attr(
    not(all(feature = "generate", feature = "load", feature = "reads")),
    allow(
        dead_code,
        unused_imports,
        reason = "what is left out uses more of each module"
    )
)]
#![cfg_attr(
    not(all(feature = "generate", feature = "load", feature = "reads")),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "documentation is built with all features"
    )
)]

pub mod btf;
mod compare;
#[cfg(feature = "generate")]
mod compiler;
mod context;
mod ctype;
mod declaration;
mod error;
mod hook;
mod image;
mod kernel;
pub mod layout;
#[cfg(feature = "load")]
mod load;
#[cfg(feature = "migrate")]
pub mod migrate;
#[cfg(feature = "generate")]
mod minimize;
mod module;
pub mod object;
#[cfg(feature = "generate")]
mod pin;
pub mod prototype;
#[cfg(feature = "generate")]
pub mod render;
mod sorted;
pub mod text;
mod tracefs;
#[cfg(feature = "generate")]
mod usage;
mod user;

pub use self::btf::ByteOrder;
pub use self::btf::compat::essential_name;
pub use self::compare::CompareError;
pub use self::compare::check;
pub use self::compare::drift;
pub use self::compare::drift::Drift;
#[cfg(feature = "reads")]
pub use self::compare::matrix;
#[cfg(feature = "reads")]
pub use self::compare::reads;
pub use self::compare::targets::TargetError;
#[cfg(feature = "generate")]
pub use self::compiler::CLANG_TIMEOUT;
#[cfg(feature = "generate")]
pub use self::compiler::CLANG_TIMEOUT_VARIABLE;
#[cfg(feature = "generate")]
pub use self::compiler::RunError;
#[cfg(feature = "generate")]
pub use self::compiler::clang_args;
#[cfg(feature = "generate")]
pub use self::compiler::run_bounded;
#[cfg(feature = "generate")]
pub use self::compiler::system_folders;
#[cfg(feature = "generate")]
pub use self::compiler::system_folders_args;
#[cfg(feature = "generate")]
pub use self::compiler::timeout_from;
pub use self::context::Context;
pub use self::context::ContextError;
pub use self::context::Shape;
#[cfg(feature = "generate")]
pub use self::context::ctx_btf::CtxBtf;
#[cfg(feature = "generate")]
pub use self::context::ctx_btf::CtxStruct;
#[cfg(feature = "generate")]
pub use self::context::ctx_btf::Lacking;
#[cfg(feature = "generate")]
pub use self::context::merged as merge;
pub use self::context::multi::unshared;
pub use self::context::record::RecordFit;
#[cfg(feature = "generate")]
pub use self::context::similar::similar_structs;
pub use self::declaration::DeclarationError;
pub use self::error::Error;
pub use self::hook::*;
pub use self::kernel::*;
#[cfg(feature = "load")]
pub use self::load::AbsentHook;
#[cfg(feature = "load")]
pub use self::load::CustomBtf;
#[cfg(feature = "load")]
pub use self::load::LoadError;
#[cfg(feature = "load")]
pub use self::load::Loader;
#[cfg(feature = "load")]
pub use self::load::RenamedArgument;
#[cfg(feature = "generate")]
pub use self::minimize::Trim;
#[cfg(feature = "generate")]
pub use self::pin::Pin;
#[cfg(feature = "generate")]
pub use self::pin::PinCommand;
#[cfg(feature = "generate")]
pub use self::pin::PinError;
#[cfg(feature = "generate")]
pub use self::pin::pin;
pub use self::prototype::Addition;
pub use self::prototype::PrototypeError;
pub use self::prototype::pairing::KnownBy;
#[cfg(feature = "generate")]
pub use self::render::RenderError;
pub use self::text::ident::is_identifier;
#[cfg(feature = "generate")]
pub use self::usage::closure::Reach;
#[cfg(feature = "generate")]
pub use self::usage::identifiers::Line;
#[cfg(feature = "generate")]
pub use self::usage::identifiers::Marker;
#[cfg(feature = "generate")]
pub use self::usage::identifiers::Names;
#[cfg(feature = "generate")]
pub use self::usage::identifiers::Request;
#[cfg(feature = "generate")]
pub use self::usage::identifiers::Requests;
#[cfg(feature = "generate")]
pub use self::usage::identifiers::replace_stand_in;

/// The libbpf-rs whose types [`Loader`] takes and gives.
#[cfg(feature = "load")]
pub use libbpf_rs;

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
/// A name that is no object's is a compile error that lists those that there are.
///
/// The skeleton is of the `libbpf_rs` that this crate was built with: it does not matter by which
/// name, if any, the package depends on that itself.
#[macro_export]
macro_rules! include_bpf {
    ($name:tt) => {
        #[allow(unused_imports, clippy::restriction, reason = "generated")]
        use $crate::__include_bpf;
        include!(concat!(env!("OUT_DIR"), "/include_bpf.macro.rs"));
        __ctxgen_object!($name);
    };
}

/// What generated modules name.
#[doc(hidden)]
pub mod __include_bpf {
    pub use libbpf_rs;
}

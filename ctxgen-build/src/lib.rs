//! A Cargo build-script helper for BPF programs written against context structs.
//!
//! ```no_run
//! // build.rs
//! fn main() -> Result<(), ctxgen_build::Error> {
//!     ctxgen_build::Builder::new()
//!         .source("src/bpf/guard.bpf.c")
//!         .build()
//! }
//! ```
//!
//! It finds the context structs that the sources name (`struct btf_lsm_file_mprotect_ctx`), makes
//! them from the target kernel's BTF, compiles the sources with clang, holds each program's SEC
//! name against its context, and generates the libbpf-rs skeleton and Rust bindings of the contexts.
//! `ctxgen::include_bpf!("guard")` brings both into the crate.
//!
//! # What is left in `OUT_DIR`
//!
//! | file | what it is |
//! | --- | --- |
//! | `include/vmlinux.h` | the kernel's types |
//! | `include/ctx.h` | the context structs |
//! | `include/bpf/` | libbpf's headers for BPF programs |
//! | `ctx.btf` | the context structs as a split BTF on top of the kernel's |
//! | `<name>.bpf.o` | the compiled object, `<name>` being the source's file name up to its first dot |
//! | `<name>.skel.rs` | its skeleton |
//! | `<name>.ctx.rs` | Rust bindings of the contexts that it uses |
//! | `<name>.rs` | both, for `ctxgen::include_bpf!` |
//!
//! # Which kernel's BTF
//!
//! The first of: [`Builder::btf`]; the file that `CTXGEN_BTF_<target>` names, `<target>` being the
//! target triple with `-` as `_`; the file that `CTXGEN_BTF` names; the running kernel's, where it
//! is of the target's architecture.

#[cfg(feature = "bindgen")]
mod bindings;
mod builder;
mod cargo;
mod check;
mod clang;
mod compile;
mod contexts;
mod depfile;
mod error;
mod kernel;
mod linker;
mod module;
mod outdir;
mod said;
mod scan;
mod skeleton;
mod targets;
mod vmlinux;

pub use self::builder::Artifacts;
pub use self::builder::Builder;
pub use self::builder::Object;
pub use self::check::Mismatch;
pub use self::error::Error;
pub use self::kernel::Place;
pub use self::scan::Site;
pub use self::vmlinux::Vmlinux;

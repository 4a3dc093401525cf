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
//! | `include/vmlinux.h` | the kernel's types, as far as the sources can reach them; see [`Vmlinux`] |
//! | `include/ctx.h` | the context structs |
//! | `include/bpf/` | libbpf's headers for BPF programs |
//! | `ctx.btf` | the context structs as a split BTF on top of the kernel's |
//! | `<name>.bpf.o` | the compiled object, `<name>` being the source's file name up to its first dot |
//! | `<name>.skel.rs` | its skeleton |
//! | `<name>.ctx.rs` | Rust bindings of the contexts that it uses |
//! | `<name>.rs` | both, and the object as `OBJECT`, for `ctxgen::include_bpf!` |
//!
//! # Which kernel's BTF
//!
//! That of the first of these places that has it:
//!
//! 1. [`Builder::btf`];
//! 2. the file that `CTXGEN_BTF_<target>` names, `<target>` being the target triple with `-` as `_`;
//! 3. the file that `CTXGEN_BTF` names;
//! 4. the target's pinned BTF in the package, `btf/<arch>.btf` beside its `Cargo.toml`: `x86_64`,
//!    `aarch64`, `s390x`, `riscv64`, `powerpc64le` and so on;
//! 5. the running kernel's `/sys/kernel/btf/vmlinux`, where it is of the target's architecture;
//! 6. likewise the running kernel's `vmlinux` in `/boot`, `/usr/lib/debug` and `/lib/modules`, and its
//!    `vmlinuz` in `/lib/modules` and `/boot` (with the feature `images`).
//!
//! What is named and what is pinned has to serve: if it cannot be used, that is an error, and nothing
//! else is taken. A build for another architecture never takes this machine's. An error about BTF
//! that is nowhere lists all places, and what is wrong with each.
//!
//! A file is known by its content: raw BTF, ELF (`vmlinux`), and with the feature `images` also kernel
//! images, the archives of `BTFHub`, and any of these compressed. [`Builder::module`] adds modules.

mod absent;
#[cfg(feature = "bindgen")]
mod bindings;
mod builder;
mod cargo;
mod check;
mod clang;
mod compile;
mod contexts;
mod depfile;
mod digest;
mod error;
mod inputs;
mod kernel;
mod linker;
mod module;
mod outdir;
mod record;
mod said;
mod scan;
mod skeleton;
mod targets;
mod vmlinux;

#[cfg(feature = "bindgen")]
pub use self::bindings::bindings;
pub use self::builder::Artifacts;
pub use self::builder::Builder;
pub use self::builder::Object;
pub use self::builder::pin;
pub use self::check::Mismatch;
pub use self::error::Error;
pub use self::kernel::Place;
pub use self::scan::Site;
pub use self::vmlinux::Vmlinux;

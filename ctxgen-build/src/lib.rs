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
//! name against its context, and what its instructions do with that against what the kernel's verifier
//! takes ([`Refused`]), and generates the libbpf-rs skeleton and Rust bindings of the contexts.
//!
//! The crate includes both: `include!(concat!(env!("OUT_DIR"), "/guard.bpf.rs"));`. It depends on libbpf-rs
//! alone. A crate with relocatable contexts ([`Builder::relocatable`]) also depends on `ctxgen-bpf` for
//! `ctxgen::Loader`, and can write `ctxgen::include_bpf!("guard")`.
//!
//! `cargo build -vv` prints clang's command lines, and what was skipped and why.
//!
//! # Prototypes written by hand
//!
//! Programs with `BPF_PROG`, `BPF_KPROBE` and the like, or with a struct of their own, are held against the
//! target kernel too, as `ctxgen check` does it: an argument that is read, and that the kernel does not have
//! there, is a warning with its line ([`Misread`]); [`Builder::deny_prototypes`] makes it an error. Of several
//! kernels ([`Builder::kernel`]), it says on which ones. What the author meant is read from clang's debug
//! information (feature `dwarf`); without it, from the line of the macro. A pinned BTF has no other prototypes
//! than those of contexts, and tells nothing of others.
//!
//! # Which contexts
//!
//! Those that the sources name behind the preprocessor, with all arguments that they are compiled with:
//! `struct btf_lsm_file_mprotect_ctx` is the request, whether it stands in a source or in any header, and
//! also where a macro puts it together. What `#ifdef` takes away is not asked for, and nor is what a source
//! or its headers define themselves. [`Builder::hook`] adds what no source names. Where clang does not know
//! a context, the error says why: `ctx.h` is not included, or there is no such context, and which is
//! similar.
//!
//! # Headers of one's own that are called `ctx.h` or `vmlinux.h`
//!
//! clang takes the one that it finds first, and that is one beside the file that includes it (with quotes),
//! or in a folder of `-I`, before the generated one. `#include <ctx.h>` or `#include_next <ctx.h>` leads to
//! that.
//!
//! A `vmlinux.h` that includes the generated one adds to it, also where it defines bpftool's guard,
//! `__VMLINUX_H__`. One that does not is used in place of it if it has that guard, or all of a kernel's
//! types (`task_struct` among 512 or more): the generated one is empty then for that source. Any other is a header like
//! all.
//!
//! # What is left in `OUT_DIR`
//!
//! | file | what it is |
//! | --- | --- |
//! | `include/vmlinux.h` | the kernel's types, as far as the sources can reach them; see [`Vmlinux`] |
//! | `include/ctx.h` | the context structs |
//! | `include/bpf/` | libbpf's headers for BPF programs |
//! | `ctx.btf` | the context structs as a split BTF on top of the kernel's |
//! | `<name>.bpf.o` | the compiled and linked object; for `<name>` see [`Builder::source`] |
//! | `<name>.skel.rs` | its skeleton |
//! | `<name>.ctx.rs` | Rust bindings of the contexts that it uses |
//! | `<name>.rs` | both, and the object as `OBJECT`, for `ctxgen::include_bpf!` |
//! | `include_bpf.macro.rs` | the names of all objects, by which `include_bpf!` finds them |
//! | `<name>.bpf.rs` | the same, for a crate that depends on libbpf-rs and not on ctxgen |
//! | `compile_commands.json` | clang's command lines, with [`Builder::compile_commands`] |
//! | `<name>.debug<N>.o` | the objects that it was linked of, with their debug information, where programs have prototypes written by hand |
//! | `<name>.inputs` | digests of what these were made of; its time of change is the build script's |
//! | `absent/` | a link to a pinned BTF that is not there, so that cargo notices when it is |
//!
//! # Names in skeletons
//!
//! libbpf-cargo makes the skeletons. Names that Rust does not take as they are have others there: a
//! keyword is a raw identifier (`r#type`); what can be none (`self`), or is taken by something else of the
//! skeleton's, has a `_` behind it; and characters that are in no identifier are `_`. Two sections
//! `.bss.*` whose names are the same to libbpf (their first 15 characters, with `_` for most others) are
//! an error.
//!
//! # What a rebuild does
//!
//! Cargo runs the build script again when a source, a header that one includes (also one of the system's), a
//! file of arguments for clang (`@file`), a BTF file or one of the variables that it asked has changed, and
//! when a pinned BTF appears. It does so after a reboot
//! too, since `/sys/kernel/btf/vmlinux` gets a new time of change. The script is quick then: an object,
//! a skeleton or bindings are made again only if what they are made of is another one, by content,
//! and files that would be the same are not written. A kernel that has the same of what the sources
//! use makes no difference either. Another build script, as with another version of ctxgen, libbpf or
//! bindgen, makes all of it again: the records that it finds have the time of change of the one that wrote
//! them. (A copy of the target folder, such as a cache of a CI, that does not keep times has all made again.)
//!
//! All sources of a [`Builder`] have `vmlinux.h` and `ctx.h` in common: what one of them newly needs
//! of the kernel has the others compiled again. Whoever runs clang by a wrapper that is no script, or
//! changes clang without its version, has to run `cargo clean`. What is left of a source that is taken
//! away stays until then, too.
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
//!
//! # Pinned BTF: builds that need no kernel
//!
//! A pinned BTF is what the sources reach of a kernel's types and no more, some ten kilobytes: it is
//! committed beside them, and a build against it leaves the same files, byte for byte, as one against
//! the kernel's whole BTF (but for `ctx.btf`, which continues the BTF that it is given). It is made by
//! `ctxgen pin -o btf/x86_64.btf --btf VMLINUX src/bpf/guard.bpf.c`, by [`Builder::pin`], or by [`pin`]
//! for several builders; one for each architecture. Beside it stands a text, `btf/x86_64.btf.txt`,
//! with the kernel that it is of and the command that makes it anew. When sources reach further than
//! it does, the error says what is missing, and that command.
//!
//! # Documentation and checks
//!
//! docs.rs has clang and libclang, but neither a network nor a kernel's BTF: with a pinned BTF in the
//! package, documentation there is that of a usual build. Where `DOCS_RS` is set and BTF, clang or
//! libclang is missing, [`Builder::build`] leaves stand-ins instead of an error: the types
//! `<Name>SkelBuilder`, `Open<Name>Skel` and `<Name>Skel`, an empty `OBJECT` and `types`, and each
//! context struct that the sources name, without its fields. A warning says so. That is enough for
//! `rustdoc`, which does not look into functions, and not for a build.
//!
//! `cargo check`, and so rust-analyzer, needs the types of skeletons and bindings, and these are made
//! from the compiled object; no build script can know that it runs for a check. But cargo runs it only
//! after a change of what it depends on, and then what is as it was is not made again.

mod builder;
mod cache;
mod cargo;
mod clang;
mod display;
mod error;
mod findings;
mod libbpf_log;
mod names;
mod outdir;
mod plan;
#[cfg(feature = "rust-programs")]
mod rust_programs;
mod stages;

pub use self::builder::Artifacts;
pub use self::builder::Builder;
pub use self::builder::Object;
pub use self::builder::pin;
pub use self::error::Error;
pub use self::error::NoName;
pub use self::findings::Mismatch;
pub use self::findings::Misread;
pub use self::findings::Place;
pub use self::findings::Refused;
pub use self::findings::Site;
#[cfg(feature = "rust-programs")]
pub use self::rust_programs::RustArtifacts;
#[cfg(feature = "rust-programs")]
pub use self::rust_programs::RustPrograms;
#[cfg(feature = "bindgen")]
pub use self::stages::bind::bindings;
pub use self::stages::headers::Vmlinux;

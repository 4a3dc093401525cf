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
//! A build
//!
//! 1. finds the context structs that the sources name (`struct btf_lsm_file_mprotect_ctx`),
//! 2. generates them from the target kernel's BTF,
//! 3. compiles the sources with clang,
//! 4. checks that each program has the context of its SEC name, and that the kernel's verifier accepts how its
//!    instructions use the context ([`Refused`]),
//! 5. generates the libbpf-rs skeleton and Rust bindings of the contexts.
//!
//! The crate includes both: `include!(concat!(env!("OUT_DIR"), "/guard.bpf.rs"));`. It depends on libbpf-rs
//! alone. A crate with relocatable contexts ([`Builder::relocatable`]) also depends on `ctxgen-bpf` for
//! `ctxgen::Loader`, and can write `ctxgen::include_bpf!("guard")`.
//!
//! `cargo build -vv` prints clang's command lines, and which steps were skipped and why.
//!
//! # Prototypes written by hand
//!
//! Programs that use `BPF_PROG`, `BPF_KPROBE` and the like, or a struct of their own, are compared with the target
//! kernel too, as `ctxgen check` does. If a program reads an argument that the kernel does not have in that place,
//! there is a warning with its line ([`Misread`]); [`Builder::deny_prototypes`] makes it an error. With several
//! kernels ([`Builder::kernel`]), the warning names those that differ. clang's debug information tells which
//! argument the author meant (feature `dwarf`); without it, the line of the macro does. A pinned BTF has the
//! prototypes of contexts only, so there is no such check with it.
//!
//! # Which contexts
//!
//! The contexts are those that the preprocessed sources name, with all arguments that clang gets.
//! `struct btf_lsm_file_mprotect_ctx` may be in a source, in any header, or the result of a macro. Code that
//! `#ifdef` removes does not count, nor do structs that a source or its headers define. [`Builder::hook`] adds
//! contexts that no source names. If clang does not know a context, the error says why: `ctx.h` is not included,
//! or there is no such context; then it lists similar names.
//!
//! # Other headers called `ctx.h` or `vmlinux.h`
//!
//! clang uses the first one that it finds. A header beside the file that includes it (with quotes), or in a folder
//! of `-I`, precedes the generated one. `#include <ctx.h>` or `#include_next <ctx.h>` finds the generated one.
//!
//! A `vmlinux.h` that includes the generated one adds to it, even if it defines bpftool's guard,
//! `__VMLINUX_H__`. A `vmlinux.h` that does not include it replaces it if it has that guard, or all of a kernel's
//! types (`task_struct` and at least 511 others): the generated one is empty then for that source. Any other
//! `vmlinux.h` is an ordinary header.
//!
//! # Files in `OUT_DIR`
//!
//! | file | content |
//! | --- | --- |
//! | `include/vmlinux.h` | the kernel's types, as far as the sources can reach them; see [`Vmlinux`] |
//! | `include/ctx.h` | the context structs |
//! | `include/bpf/` | libbpf's headers for BPF programs |
//! | `ctx.btf` | the context structs as a split BTF on top of the kernel's |
//! | `<name>.bpf.o` | the compiled and linked object; for `<name>` see [`Builder::source`] |
//! | `<name>.skel.rs` | its skeleton |
//! | `<name>.ctx.rs` | Rust bindings of the contexts that it uses |
//! | `<name>.rs` | both, and the object as `OBJECT`, for `ctxgen::include_bpf!` |
//! | `<name>.bpf.rs` | the same, for a crate that depends on libbpf-rs and not on ctxgen |
//! | `include_bpf.macro.rs` | the names of all objects, for `include_bpf!` |
//! | `compile_commands.json` | clang's command lines, with [`Builder::compile_commands`] |
//! | `<name>.debug<N>.o` | the objects before linking, with debug information, if programs have prototypes written by hand |
//! | `<name>.inputs` | digests of the inputs of these files; its modification time is the build script's |
//! | `absent/` | a link to a pinned BTF that does not exist, so that cargo notices when it is created |
//!
//! # Names in skeletons
//!
//! libbpf-cargo generates the skeletons. Names that are not valid in Rust are changed: a keyword becomes a raw
//! identifier (`r#type`); a name that cannot be a raw identifier (`self`), or that the skeleton itself uses, gets
//! a `_` at its end; and characters that are not valid in identifiers become `_`. Two sections `.bss.*` whose
//! names are the same to libbpf (their first 15 characters, with `_` for most others) are an error.
//!
//! # Rebuilds
//!
//! Cargo runs the build script again when one of its inputs has changed: a source, an included header (system
//! headers too), a file of arguments for clang (`@file`), a BTF file, or one of the variables that it reads; and
//! when a pinned BTF is created. It also does so after a reboot, since `/sys/kernel/btf/vmlinux` gets a new
//! modification time. Such a run is fast: objects, skeletons and bindings are made again only if the content of
//! their inputs has changed, and files whose content is the same are not written. A new kernel with the same types
//! and prototypes, as far as the sources use them, changes nothing. Another build script, for example with
//! another version of ctxgen, libbpf or bindgen, makes everything again: the records of earlier builds have the
//! modification time of the build script that wrote them. (If a CI caches the target folder without modification
//! times, everything is made again.)
//!
//! All sources of a [`Builder`] share `vmlinux.h` and `ctx.h`: if one source needs more of the kernel, the others
//! are compiled again too. Run `cargo clean` after a change of clang that does not change its version, or if
//! `clang` is a wrapper that is not a script. Files of a source that was removed stay until then, too.
//!
//! # Which kernel's BTF
//!
//! The first of these that exists:
//!
//! 1. [`Builder::btf`];
//! 2. the file named by `CTXGEN_BTF_<target>`; `<target>` is the target triple with `_` for `-`;
//! 3. the file named by `CTXGEN_BTF`;
//! 4. the target's pinned BTF in the package, `btf/<arch>.btf` beside its `Cargo.toml`: `x86_64`,
//!    `aarch64`, `s390x`, `riscv64`, `powerpc64le` and so on;
//! 5. the running kernel's `/sys/kernel/btf/vmlinux`, if it is of the target's architecture;
//! 6. likewise the running kernel's `vmlinux` in `/boot`, `/usr/lib/debug` and `/lib/modules`, and its
//!    `vmlinuz` in `/lib/modules` and `/boot` (with the feature `images`).
//!
//! A BTF that is named or pinned must be usable: if it is not, that is an error, and no other place is tried. A
//! build for another architecture never uses the running kernel's BTF. If no place has BTF, the error lists all of
//! them, each with the reason.
//!
//! The content tells the format of a file: raw BTF, ELF (`vmlinux`), and with the feature `images` also kernel
//! images, the archives of `BTFHub`, and any of these compressed. [`Builder::module`] adds modules.
//!
//! # Pinned BTF: builds that need no kernel
//!
//! A pinned BTF has the kernel types that the sources reach, and no others. It has some ten kilobytes, and is
//! committed with the sources. A build with it writes the same files, byte for byte, as one with the kernel's whole
//! BTF, except for `ctx.btf`, which is on top of the BTF that it was built with. These write one:
//! `ctxgen pin -o btf/x86_64.btf --btf VMLINUX src/bpf/guard.bpf.c`, [`Builder::pin`], and [`pin`] for several
//! builders; one for each architecture. The text file `btf/x86_64.btf.txt` beside it has the kernel's release and
//! the command that renews the BTF. If the sources need types that it lacks, the error names them and this command.
//!
//! # Documentation and checks
//!
//! docs.rs has clang and libclang, but neither a network nor a kernel's BTF. With a pinned BTF in the package, the
//! documentation there is that of a usual build. If `DOCS_RS` is set and BTF, clang or libclang is missing,
//! [`Builder::build`] writes stand-ins and a warning instead of an error: the types `<Name>SkelBuilder`,
//! `Open<Name>Skel` and `<Name>Skel`, an empty `OBJECT` and `types`, and each context struct that the sources
//! name, without its fields. They are enough for `rustdoc`, which does not look into functions, but not for a
//! build.
//!
//! `cargo check`, and so rust-analyzer, needs the types of skeletons and bindings, which are made from the compiled
//! object; a build script cannot know that it runs for a check. But cargo runs it only after a change of its
//! inputs, and only what has changed is made again.

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

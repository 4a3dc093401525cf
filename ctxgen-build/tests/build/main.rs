//! What a build does with sources, hooks and the environment, and what it says when it cannot.
//!
//! The kernel of these tests is `kernel.c`, so that they need no other machine's BTF and are quick.

mod beside;
mod cargo_lines;
mod categories;
mod check;
mod choices;
mod clang;
mod cross;
#[cfg(feature = "dwarf")]
mod debug_info;
mod determinism;
mod docs;
mod fields;
mod formats;
mod global;
mod hooks;
mod indexes;
mod kernel_btf;
#[cfg(feature = "bindgen")]
mod libclang;
mod license;
mod mistakes;
mod modules;
mod names;
mod nullable;
mod objects;
mod own_headers;
mod parts;
mod pinned;
mod preprocessed;
mod prototypes;
mod ready;
mod rebuilds;
mod refused;
mod relocatable;
mod renamed;
#[cfg(feature = "rust-programs")]
mod rust_programs;
mod sleepable;
mod sources;
mod struct_ops;
mod support;
mod symbols;
mod taken;
mod unhooked;
mod unseen;
mod user;
mod vmlinux;

//! A build against a pinned BTF leaves the same files as one against the kernel's whole BTF, byte for
//! byte.

#[path = "../corpus/program.rs"]
mod program;

mod identical;
mod project;
mod stale;
mod tools;

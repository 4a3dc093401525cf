//! A build against a pinned BTF leaves the same files as one against the kernel's whole BTF, byte for
//! byte.

#[path = "../corpus/program.rs"]
#[expect(dead_code, reason = "the corpus has more use for it")]
mod program;

mod identical;
mod modules;
mod project;
mod tools;

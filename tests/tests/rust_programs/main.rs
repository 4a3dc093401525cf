//! Contexts for BPF programs in Rust: what is generated, what compilers make of it, and that it reads what
//! the same program in C reads.

mod cases;
mod golden;
mod llvm;
mod relocations;
mod running;

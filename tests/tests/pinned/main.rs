//! A build against a pinned BTF leaves the same files as one against the kernel's whole BTF, byte for
//! byte.

mod identical;
mod modules;
mod project;
mod tools;

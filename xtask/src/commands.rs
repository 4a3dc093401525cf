//! The subcommands: one module each.

pub(crate) mod bench;
pub(crate) mod bpf;
pub(crate) mod corpus;
pub(crate) mod faults;
pub(crate) mod fuzz;
pub(crate) mod install;
pub(crate) mod locks;
pub(crate) mod test;

//! The subcommands: one module each.

pub(crate) mod bench;
pub(crate) mod bpf;
pub(crate) mod test;

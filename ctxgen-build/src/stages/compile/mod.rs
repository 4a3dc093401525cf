//! The fourth stage: objects, with a `vmlinux.h` that clang can do with, and what to do about its errors.

mod hidden;
mod lacking;
mod linker;
mod missing;
mod symbols;
mod trimmed;
mod undeclared;
mod unit;

pub(crate) use self::missing::explain;
pub(crate) use self::trimmed::Compilation;
pub(crate) use self::unit::Unit;

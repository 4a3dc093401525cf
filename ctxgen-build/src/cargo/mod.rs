//! What stands between a build and cargo: what is read and cargo is to watch, and the lines that tell it.

mod inputs;
mod lines;
mod steps;
mod watch_missing;

pub(crate) use self::inputs::Inputs;
pub(crate) use self::inputs::of_cargo;
pub(crate) use self::lines::tell;
#[cfg(feature = "rust-programs")]
pub(crate) use self::lines::tell_linker;
pub(crate) use self::lines::tell_steps;
pub(crate) use self::steps::Steps;
pub(crate) use self::watch_missing::watch_missing;

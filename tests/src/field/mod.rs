//! Programs that others wrote and ship, and how what `ctxgen check` says of them holds.
//!
//! The objects are those in packages: by themselves, or inside of executables. Kernels are asked whether they
//! load each program, and that is held against what was said before.

mod find;
mod predict;
mod published;
mod report;
mod values;

pub use self::find::Found;
pub use self::find::find;
pub use self::predict::Predicted;
pub use self::predict::predicted;
pub use self::published::published;
pub use self::report::Column;
pub use self::report::Report;
pub use self::values::Values;

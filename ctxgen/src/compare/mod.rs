//! Comparisons: of one hook on several kernels, and of a compiled object with a kernel.

pub mod check;
pub mod drift;
mod error;
#[cfg(feature = "reads")]
pub mod matrix;
#[cfg(feature = "reads")]
pub mod reads;
pub(crate) mod targets;

pub use self::check::check;

pub use self::error::CompareError;

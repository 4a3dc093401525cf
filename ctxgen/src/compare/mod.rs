//! Comparisons: of one hook on several kernels, and of a compiled object with a kernel.

pub mod check;
pub mod drift;
mod error;
pub mod matrix;
pub mod reads;
pub(crate) mod targets;

pub use self::check::check;

pub use self::error::CompareError;

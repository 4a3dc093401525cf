//! Comparisons: of one hook on several kernels, and of a compiled object with a kernel.

pub mod check;
pub mod drift;
pub mod reads;

pub use self::check::check;

//! The third stage: the contexts that sources and hooks ask for, and the headers.

mod contexts;
mod vmlinux;

pub(crate) use self::contexts::Contexts;
pub use self::vmlinux::Vmlinux;

//! Hooks: where a program attaches, by SEC name and by struct name.

mod clone;
mod error;
mod family;
mod marks;
mod multi;
mod point;
mod sec;
pub(crate) mod syscall_event;
#[cfg(test)]
mod tests;

pub use self::error::HookError;
pub use self::family::Family;
pub use self::family::Generic;
pub use self::family::Passing;
pub use self::family::Prototypes;
pub use self::family::Returned;
pub(crate) use self::point::ANY_CATEGORY;
pub use self::point::Hook;
pub(crate) use self::point::VMLINUX;
pub use self::sec::SecName;

//! A project to build, the kernel to build it for, and a build script's surroundings.

mod child;
mod clang;
mod kernel;
mod project;

pub(crate) use self::child::Child;
pub(crate) use self::clang::clang_keeps_offsets;
pub(crate) use self::kernel::Order;
pub(crate) use self::kernel::kernel;
pub(crate) use self::kernel::kernel_with;
pub(crate) use self::kernel::later_kernel;
pub(crate) use self::project::INCLUDES;
pub(crate) use self::project::LICENSE;
pub(crate) use self::project::PROGRAM;
pub(crate) use self::project::Project;
pub(crate) use self::project::source;

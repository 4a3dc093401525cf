//! The first stage: which kernels a build is for, and their BTF.

pub(crate) mod kernel;
mod targets;

pub(crate) use self::targets::Asked;
pub(crate) use self::targets::Targets;

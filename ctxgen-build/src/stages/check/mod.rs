//! The fifth stage: what the programs of an object do, held against their hooks and the kernels' verifiers.

mod aliased;
mod category;
mod context;
mod layout;
mod object;
mod packet;
mod prototypes;
mod refused;
mod rules;
mod section;
mod sleepable;
mod undefined;
mod unhooked;
mod user;
mod within;

pub(crate) use self::object::Findings;
pub(crate) use self::object::check;
pub(crate) use self::rules::Rules;
#[cfg(feature = "rust-programs")]
pub(crate) use self::section::missing;

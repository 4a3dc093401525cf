//! The fifth stage: what the programs of an object do, held against their hooks and the kernels' verifiers.

mod aliased;
mod context;
mod object;
mod prototypes;
mod refused;
mod section;
mod unhooked;

pub(crate) use self::object::Findings;
pub(crate) use self::object::Rules;
pub(crate) use self::object::check;

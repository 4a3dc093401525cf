//! From programs that count their arguments to ones with context structs: what has to be changed in a source.
//!
//! A compiler's front end says what stands where ([`Unit`]), a compiled object which section each program is in,
//! and kernel BTF which field a place in the context is: of the kernel that the program was written for, and by
//! its name of the target. [`plan`] makes edits of these. What is not certain is refused, with the place and what
//! to do; the rest of a source is migrated all the same.

mod diff;
mod edit;
mod field;
mod macros;
mod plan;
mod refusal;
mod rewrite;
mod text;
mod unit;

pub use self::diff::unified;
pub use self::edit::Edit;
pub use self::edit::apply;
pub use self::macros::is_migrated;
pub use self::plan::Kernels;
pub use self::plan::Plan;
pub use self::plan::plan;
pub use self::refusal::Mismatch;
pub use self::refusal::Refusal;
pub use self::refusal::Refused;
pub use self::unit::Category;
pub use self::unit::Expansion;
pub use self::unit::Function;
pub use self::unit::Include;
pub use self::unit::Parameter;
pub use self::unit::Unit;
pub use self::unit::Use;
pub use self::unit::UseKind;

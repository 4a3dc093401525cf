//! Holds every field of every context against the kernel's own verifier.
//!
//! A [`Plan`] has a program for each hook that loads each field as the generated header would, and
//! one slot more. The judge (`tests/judge`) asks a kernel about them; [`compare`] holds its answers
//! against what the layouts promise.

mod compare;
mod events;
mod expect;
mod host;
mod plan;
mod program;
mod row;
mod select;
mod traced;
mod values;

pub use self::compare::Report;
pub use self::compare::Wrong;
pub use self::compare::compare;
pub use self::events::EventCase;
pub use self::events::compare_events;
pub use self::events::event_cases;
pub use self::events::event_plan;
pub use self::host::ask;
pub use self::plan::Case;
pub use self::plan::Plan;
pub use self::plan::Subject;
pub use self::plan::subjects;
pub use self::row::Row;
pub use self::select::Selection;
pub use self::traced::TracedCase;
pub use self::traced::compare_traced;
pub use self::traced::traced_cases;
pub use self::traced::traced_plan;
pub use self::values::ValueCase;
pub use self::values::ValueReport;
pub use self::values::compare_values;
pub use self::values::value_cases;
pub use self::values::value_plan;

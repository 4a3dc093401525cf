//! The judge is a small static C program, beside this, that asks a kernel's verifier about the
//! programs of a plan. `judge.h` says what plans and answers look like; here the answers are taken
//! apart.

mod answer;

pub use self::answer::Answer;
pub use self::answer::Event;
pub use self::answer::EventField;
pub use self::answer::Load;
pub use self::answer::Noticed;
pub use self::answer::Verdict;

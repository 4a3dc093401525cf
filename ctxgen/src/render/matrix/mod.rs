//! Reports on a [`Matrix`](crate::matrix::Matrix), in the formats that code hosts and people show.
//!
//! | format | for |
//! | --- | --- |
//! | [`sarif`] | code hosts, which show it in the difference of files (SARIF 2.1.0) |
//! | [`junit`] | lists of tests: a suite for each object, a case for each program and kernel |
//! | [`markdown`] | the summary of a job (`$GITHUB_STEP_SUMMARY`) |
//! | [`github`] | a job's log, out of which GitHub makes annotations |
//! | [`html`] | people: one page that needs nothing else |
//!
//! Each is the same for the same matrix. Names in objects and BTF are not trusted: no format lets them be
//! more than text. Paths of sources are as the compiler was given them; [`relative_to`] makes those in a
//! folder relative to it, which code hosts need.

mod findings;
mod github;
mod html;
mod junit;
mod markdown;
mod paths;
mod rules;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod tests;
mod words;

pub use self::github::github;
pub use self::html::html;
pub use self::junit::junit;
pub use self::markdown::markdown;
pub use self::paths::relative_to;
pub use self::sarif::sarif;

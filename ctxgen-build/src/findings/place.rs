//! Places where kernel BTF may be.

use std::fmt;

/// A place that was searched for kernel BTF without success.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The place.
    pub place: String,
    /// Why it did not serve.
    pub why: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

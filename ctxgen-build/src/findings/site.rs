//! Lines of sources.

use std::fmt;
use std::path::PathBuf;

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// The file.
    pub path: PathBuf,
    /// Counted from 1; 0 for the file as a whole, as of a ready-made object.
    pub line: usize,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.path.display()),
            line => write!(f, "{}:{line}", self.path.display()),
        }
    }
}

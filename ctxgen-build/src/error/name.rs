//! Names that no object can have.

use std::fmt;
use std::path::PathBuf;

/// A name that no object can have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoName {
    /// That of a source.
    Source(PathBuf),
    /// One that was given.
    Given {
        /// As it was given.
        name: String,
        /// One that would do.
        nearest: Option<String>,
    },
}

impl fmt::Display for NoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(path) => write!(
                f,
                "{} does not say what its skeleton is to be called by: the part of its file name \
                 before the first dot has neither an ASCII letter nor a digit. Give it a name with \
                 Builder::source_as(\"name\", {path:?})",
                path.display()
            ),
            Self::Given {
                name,
                nearest: Some(nearest),
            } => write!(
                f,
                "no object can be called {name:?}: its name has to be an identifier of ASCII \
                 characters; `{nearest}` would be one"
            ),
            Self::Given { name, .. } => write!(
                f,
                "no object can be called {name:?}: its name has to be an identifier with an ASCII \
                 letter or a digit in it"
            ),
        }
    }
}

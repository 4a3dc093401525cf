//! Names that no object can have.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

/// A name that no object can have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoName {
    /// That of a source.
    Source(PathBuf),
    /// That of a ready-made object.
    Object(PathBuf),
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
            Self::Source(path) => unnamed(f, path, "Builder::source_as"),
            Self::Object(path) => unnamed(f, path, "Builder::obj_as"),
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

/// What is said of a file that another method of the builder can name.
fn unnamed(f: &mut fmt::Formatter<'_>, path: &Path, method: &str) -> fmt::Result {
    write!(
        f,
        "the file name of {} gives its skeleton no name: the part before the first dot has neither an \
         ASCII letter nor a digit. Give it a name with {method}(\"name\", {path:?})",
        path.display()
    )
}

//! What a build reads of its environment and of files, so that cargo runs it again when that changes.
//!
//! Reading is declaring: nothing else in this crate asks for a variable or reads a file that somebody may
//! change, so that no line can be forgotten. A test holds the crate to that.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::error::Error;

/// Looks up a variable.
type Environment = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Reads what a build depends on, and notes it.
pub(crate) struct Inputs {
    environment: Box<Environment>,
    noted: Mutex<Noted>,
}

/// What was read.
#[derive(Clone, Debug, Default)]
struct Noted {
    files: BTreeSet<PathBuf>,
    variables: BTreeSet<String>,
}

impl Inputs {
    /// Those of this process.
    pub(crate) fn new() -> Self {
        Self::with_environment(|name| std::env::var_os(name))
    }

    /// With these variables in place of the process's.
    pub(crate) fn with_environment(
        environment: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        Self {
            environment: Box::new(environment),
            noted: Mutex::default(),
        }
    }

    /// A variable of the environment, `None` where it is not set or empty.
    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        self.note(|noted| noted.variables.insert(name.to_owned()));
        (self.environment)(name).filter(|value| !value.is_empty())
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub(crate) fn file(&self, path: &Path) -> Result<Vec<u8>, Error> {
        self.read_with(path, fs::read)
            .map_err(|error| Error::read(path, error))
    }

    /// What `read` makes of a file. One that it can make nothing of was not read.
    ///
    /// # Errors
    /// That of `read`.
    pub(crate) fn read_with<'p, T, E>(
        &self,
        path: &'p Path,
        read: impl FnOnce(&'p Path) -> Result<T, E>,
    ) -> Result<T, E> {
        let made = read(path)?;
        self.add_files([path.to_owned()]);
        Ok(made)
    }

    /// Notes files that a program has read: clang, or a library.
    pub(crate) fn add_files(&self, paths: impl IntoIterator<Item = PathBuf>) {
        self.note(|noted| noted.files.extend(paths));
    }

    /// The files, sorted.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        self.note(|noted| noted.files.iter().cloned().collect())
    }

    /// The variables, sorted.
    pub(crate) fn variables(&self) -> Vec<String> {
        self.note(|noted| noted.variables.iter().cloned().collect())
    }

    fn note<T>(&self, note: impl FnOnce(&mut Noted) -> T) -> T {
        note(&mut self.noted.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note(|noted| noted.fmt(f))
    }
}

/// A variable that cargo sets for build scripts. It needs no line: where one changes, cargo runs the script
/// again, or another one.
pub(crate) fn of_cargo(name: &'static str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_noted() {
        let dir = tempfile::tempdir().unwrap();
        let [there, missing, other] = ["a", "b", "c"].map(|name| dir.path().join(name));
        fs::write(&there, "text").unwrap();
        let inputs = Inputs::with_environment(|name| match name {
            "SET" => Some("value".into()),
            "EMPTY" => Some("".into()),
            _ => None,
        });
        assert_eq!(inputs.variable("SET"), Some("value".into()));
        assert_eq!(inputs.variable("EMPTY"), None);
        assert_eq!(inputs.variable("UNSET"), None);
        assert_eq!(inputs.file(&there).unwrap(), b"text");
        let error = inputs.file(&missing).unwrap_err().to_string();
        assert!(
            error.contains("cannot read") && error.contains("/b"),
            "{error}"
        );
        inputs.add_files([other.clone(), there.clone()]);
        assert_eq!(inputs.files(), [there, other]);
        assert_eq!(inputs.variables(), ["EMPTY", "SET", "UNSET"]);
    }
}

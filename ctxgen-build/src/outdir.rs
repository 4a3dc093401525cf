//! Files in the output folder.

use std::path::Path;
use std::path::PathBuf;

use crate::error::Error;

/// The output folder of a build.
#[derive(Clone, Debug)]
pub(crate) struct OutDir(PathBuf);

impl OutDir {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file, unless it is there with these bytes: what depends on its time of change need
    /// not be made again.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path(name);
        if std::fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(path);
        }
        self.write_anew(name, bytes)
    }

    /// Writes a file, and be it with the bytes that it has.
    pub(crate) fn write_anew(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, Error> {
        let path = self.path(name);
        let parent = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, bytes))
            .map_err(|error| Error::Write {
                path: path.clone(),
                error,
            })?;
        Ok(path)
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| Error::Read {
        // A relative path leaves it open where a file is missing.
        path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        error,
    })
}

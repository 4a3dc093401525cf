//! Files and folders of objects and kernels.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::object::embedded;

use crate::output::Failure;

/// The bytes of a file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| failed(path, error))
}

/// The BPF objects of a file, each with what it is called. Of several, each has its place in the file in its
/// name.
pub(crate) fn objects<'b>(path: &Path, bytes: &'b [u8]) -> Vec<(String, &'b [u8])> {
    let name = name(path);
    let found = embedded(bytes);
    match &found[..] {
        [one] if one.start == 0 => vec![(name, bytes)],
        found => found
            .iter()
            .map(|place| (format!("{name}@{:#x}", place.start), &bytes[place.clone()]))
            .collect(),
    }
}

/// What a file is called in reports: its path, without a `./` in front.
pub(crate) fn name(path: &Path) -> String {
    let path = path.strip_prefix(".").unwrap_or(path);
    path.display().to_string()
}

/// The files below a folder, by path. Links to folders are not followed: they may lead back.
pub(crate) fn below(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| failed(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed(&folder, error))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(|error| failed(&path, error))?;
            if kind.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

fn failed(path: &Path, error: std::io::Error) -> Failure {
    Failure::Read {
        path: path.to_owned(),
        error,
    }
}

//! The objects of a matrix.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::matrix::Candidate;
use ctxgen::object::reads::Examined;

use super::workers::on_all;
use crate::files;
use crate::output::Failure;

/// The objects in files and below folders, in the order of the paths.
pub(super) fn read(paths: &[PathBuf]) -> Result<Vec<Candidate>, Failure> {
    let mut all: Vec<(PathBuf, bool)> = Vec::new();
    for path in paths {
        match path.is_dir() {
            true => all.extend(files::below(path)?.into_iter().map(|file| (file, false))),
            false => all.push((path.clone(), true)),
        }
    }
    let objects = on_all("files", &all, |_, (path, is_named)| {
        of_file(path, *is_named)
    })?;
    let objects: Vec<Candidate> = objects.into_iter().flatten().collect();
    match objects.is_empty() {
        true => Err(Failure::NoObjects),
        false => Ok(objects),
    }
}

/// The objects of a file. One that was named itself is taken for one where it has none, for the error.
fn of_file(path: &Path, is_named: bool) -> Result<Vec<Candidate>, Failure> {
    let bytes = files::read(path)?;
    let file = path.display().to_string();
    let mut found = files::objects(path, &bytes);
    if found.is_empty() && is_named {
        found.push((file.clone(), &bytes));
    }
    let candidates = found.into_iter().map(|(name, bytes)| {
        let examined = Examined::parse(bytes).map_err(|error| Failure::Object {
            path: name.clone().into(),
            error: Box::new(error.into()),
        })?;
        Ok(Candidate {
            file: file.clone(),
            name,
            examined,
        })
    });
    candidates.collect()
}

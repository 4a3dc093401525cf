//! The objects of a matrix.

use std::collections::HashSet;
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
            true => {
                let mut files = files::below(path)?;
                without_parts(&mut files);
                all.extend(files.into_iter().map(|file| (file, false)));
            }
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

/// Leaves out what builds keep beside an object of what it was linked of, with the debug information
/// (`prog.debug0.o` beside `prog.bpf.o`): it has the same programs.
fn without_parts(files: &mut Vec<PathBuf>) {
    let all: HashSet<PathBuf> = files.iter().cloned().collect();
    files.retain(|file| whole(file).is_none_or(|whole| !all.contains(&whole)));
}

/// The object that a file may be kept for.
fn whole(file: &Path) -> Option<PathBuf> {
    let (name, part) = file.file_name()?.to_str()?.rsplit_once(".debug")?;
    let number = part.strip_suffix(".o")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| file.with_file_name(format!("{name}.bpf.o")))
}

/// The objects of a file. One that was named itself is taken for one where it has none, for the error.
fn of_file(path: &Path, is_named: bool) -> Result<Vec<Candidate>, Failure> {
    let bytes = files::read(path)?;
    let file = files::name(path);
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

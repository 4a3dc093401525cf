//! The BPF objects in folders of unpacked packages.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::object::embedded;

/// What no program that ships BPF objects is larger than, in bytes.
const MAX_FILE: u64 = 256 << 20;

/// An object, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What to call it: the package's name, the file's and, of several in a file, a number.
    pub name: String,
    /// The object itself.
    pub bytes: Vec<u8>,
}

/// The objects of unpacked packages, each content once, in the order of packages and files. Each folder in
/// `packages` is a package.
///
/// # Errors
/// Where a folder or a file cannot be read.
pub fn find(packages: &Path) -> io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let (mut names, mut contents) = (BTreeSet::new(), BTreeSet::new());
    for package in entries(packages)? {
        let name = file_name(&package);
        for file in files(&package)? {
            let bytes = fs::read(&file)?;
            for (number, place) in embedded(&bytes).into_iter().enumerate() {
                let object = &bytes[place];
                if !contents.insert(object.to_vec()) {
                    continue;
                }
                let stem = file_name(&file);
                let stem = stem.trim_end_matches(".o").trim_end_matches(".bpf");
                let mut called = format!("{name}-{stem}");
                if number > 0 || !names.insert(called.clone()) {
                    called = format!("{called}-{}", found.len());
                    names.insert(called.clone());
                }
                found.push(Found {
                    name: called,
                    bytes: object.to_vec(),
                });
            }
        }
    }
    Ok(found)
}

/// Regular files below a folder, in their order. Symbolic links are not followed.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        let metadata = fs::symlink_metadata(&path)?;
        if metadata.is_dir() {
            files.extend(self::files(&path)?);
        } else if metadata.is_file() && metadata.len() <= MAX_FILE {
            files.push(path);
        }
    }
    Ok(files)
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut entries = entries.collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    Ok(entries)
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

//! Digests the crate's sources: what one build of them has made, another may make otherwise.

use std::collections::BTreeMap;
use std::fs;
use std::hash::DefaultHasher;
use std::hash::Hasher;
use std::io;
use std::path::Path;

/// The folder of the sources.
const SOURCES: &str = "src";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={SOURCES}");
    let mut files = BTreeMap::new();
    read(Path::new(SOURCES), &mut files)?;
    let mut digest = DefaultHasher::new();
    for (path, text) in files {
        for part in [path.as_bytes(), &text] {
            digest.write(&(part.len() as u64).to_le_bytes());
            digest.write(part);
        }
    }
    println!("cargo::rustc-env=CTXGEN_SOURCES={:016x}", digest.finish());
    Ok(())
}

/// All files below a folder, by path.
fn read(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => read(&path, files)?,
            false => {
                let text = fs::read(&path)?;
                files.insert(path.to_string_lossy().into_owned(), text);
            }
        }
    }
    Ok(())
}

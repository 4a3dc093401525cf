//! Compiling the judge, the small C program that is a virtual machine's `/init`.

use std::fs;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::vm::Arch;
use crate::vm::Error;

const FLAGS: [&str; 6] = [
    "-std=gnu11",
    "-static",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
];

/// The judge for `arch`, from the sources in `sources`; it is compiled if `cache` has none of them.
pub(crate) fn build(arch: Arch, sources: &Path, cache: &Path) -> Result<PathBuf, Error> {
    let unreadable = Error::file("read the judge's sources in", sources);
    let files = source_files(sources).map_err(unreadable)?;
    let judge = cache.join(format!("judge-{arch}-{:016x}", fingerprint(&files)));
    if judge.is_file() {
        return Ok(judge);
    }
    let unwritable = |path: &Path| Error::file("write", path);
    fs::create_dir_all(cache).map_err(unwritable(cache))?;
    // Another process may be at it too, and must not find half a program.
    let unfinished = cache.join(format!("judge-{arch}-{}", std::process::id()));
    let mut command = Command::new(arch.compiler());
    command.args(FLAGS).arg("-o").arg(&unfinished).args(
        files
            .iter()
            .map(|(path, _)| path)
            .filter(|path| path.extension().is_some_and(|extension| extension == "c")),
    );
    let output = command.output().map_err(|source| Error::Program {
        program: arch.compiler().to_owned(),
        purpose: format!("compiles the judge for {arch}"),
        packages: arch.compiler_packages(),
        source,
    })?;
    if !output.status.success() {
        return Err(Error::Compile {
            arch,
            command: format!("{} {} …", arch.compiler(), FLAGS.join(" ")),
            status: output.status,
            messages: String::from_utf8_lossy(&output.stderr).into_owned(),
            packages: arch.compiler_packages(),
        });
    }
    fs::rename(&unfinished, &judge).map_err(unwritable(&judge))?;
    Ok(judge)
}

/// The C files and headers, sorted, with what is in them.
fn source_files(folder: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == "c" || it == "h") {
            let content = fs::read(&path)?;
            files.push((path, content));
        }
    }
    files.sort();
    Ok(files)
}

/// Changes whenever the sources or how they are compiled do.
fn fingerprint(files: &[(PathBuf, Vec<u8>)]) -> u64 {
    let mut hasher = DefaultHasher::new();
    FLAGS.hash(&mut hasher);
    for (path, content) in files {
        path.file_name().hash(&mut hasher);
        content.hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_of_a_source_changes_the_fingerprint() {
        let files = |name: &str, content: &str| vec![(name.into(), content.as_bytes().to_vec())];
        let one = fingerprint(&files("/here/a.c", "int a;"));
        assert_eq!(one, fingerprint(&files("/there/a.c", "int a;")));
        assert_ne!(one, fingerprint(&files("/here/a.c", "int b;")));
        assert_ne!(one, fingerprint(&files("/here/b.c", "int a;")));
    }
}

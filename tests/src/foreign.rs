//! Objects of sources that are written as without ctxgen.

use std::ffi::OsStr;
use std::io;
use std::process::Command;

/// The object that a clang makes of a source of the workspace, which may include libbpf's headers as
/// `<bpf/…>`.
///
/// # Errors
/// Where files cannot be written, or clang cannot be run or has anything to say: it says that itself.
pub fn foreign_object(clang: impl AsRef<OsStr>, source: &str) -> io::Result<Vec<u8>> {
    foreign_object_with(clang, source, &[])
}

/// As [`foreign_object`], with further arguments for clang.
///
/// # Errors
/// As of [`foreign_object`].
pub fn foreign_object_with(
    clang: impl AsRef<OsStr>,
    source: &str,
    arguments: &[&str],
) -> io::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let headers = folder.path().join("bpf");
    std::fs::create_dir(&headers)?;
    for (name, text) in libbpf_rs::libbpf_sys::API_HEADERS {
        std::fs::write(headers.join(name), text)?;
    }
    let object = folder.path().join("made.bpf.o");
    let status = Command::new(clang.as_ref())
        .args(["-g", "-O2", "-target", "bpf", "-Wall", "-Werror", "-I"])
        .arg(folder.path())
        .args(arguments)
        .arg("-c")
        .arg(crate::workspace().join(source))
        .arg("-o")
        .arg(&object)
        .status()?;
    match status.success() {
        true => std::fs::read(&object),
        false => Err(io::Error::other(format!(
            "{} does not compile {source}",
            clang.as_ref().display()
        ))),
    }
}

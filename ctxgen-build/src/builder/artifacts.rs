//! What a build gives back.

use std::ffi::OsString;
use std::path::PathBuf;

/// What a build made, and what it depends on.
#[derive(Debug)]
#[non_exhaustive]
pub struct Artifacts {
    /// The folder with `vmlinux.h`, `ctx.h` and libbpf's headers.
    pub include: PathBuf,
    /// The context structs as a split BTF on top of the kernel's.
    pub ctx_btf: PathBuf,
    /// In the order in which they were asked for.
    pub objects: Vec<Object>,
    /// Of [`Builder::headers`](crate::Builder::headers), for each source the arguments with which clang compiles it,
    /// as they are in `<name>.args`: without those of [`Builder::clang_args`](crate::Builder::clang_args).
    pub arguments: Vec<Vec<OsString>>,
    /// clang's warnings, and ctxgen's own.
    pub warnings: Vec<String>,
    /// The files that the build depends on, sorted.
    pub depends_on: Vec<PathBuf>,
    /// The environment variables that the build depends on, sorted.
    pub depends_on_env: Vec<String>,
}

/// What was made of a source, or of several.
#[derive(Debug)]
#[non_exhaustive]
pub struct Object {
    /// Its name: see [`Builder::source`](crate::Builder::source).
    pub name: String,
    /// The compiled and linked object.
    pub object: PathBuf,
    /// The context structs that its sources name, sorted.
    pub structs: Vec<String>,
}

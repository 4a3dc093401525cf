//! How results leave the command.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::render::Report;

/// Why the command fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Ctxgen(#[from] ctxgen::Error),
    #[error("cannot write the output: {0}")]
    Io(#[from] std::io::Error),
    #[error("cannot write {}: {error}", path.display())]
    Write {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "cannot run clang as `{}`: {error}. Sources are preprocessed with it: install it, or name it with \
         the CLANG variable", clang.display()
    )]
    NoClang {
        clang: PathBuf,
        error: std::io::Error,
    },
    #[error("clang, as `{}`, was given up: {error}", clang.display())]
    Stopped {
        clang: PathBuf,
        error: ctxgen::RunError,
    },
    #[error("{}:{line}: struct {name}: {error}", path.display())]
    Context {
        path: PathBuf,
        line: usize,
        name: String,
        error: Box<ctxgen::Error>,
    },
    #[error("clang cannot preprocess {}:\n{}", path.display(), stderr.trim_end())]
    Preprocess { path: PathBuf, stderr: String },
    #[error(
        "nothing in {origin} tells its architecture, by which the pinned BTF would be called: give \
         --output a file, not a folder"
    )]
    NoArch { origin: ctxgen::Origin },
    #[error("there is nothing to compare: name two or more kernels with --btf")]
    OneKernel,
    #[error(
        "a fixed layout is for one kernel: with more than one --btf, ask for --relocatable contexts"
    )]
    SeveralKernels,
    #[error("cannot read {}: {error}", path.display())]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{}: {error}", path.display())]
    Object {
        path: PathBuf,
        error: Box<ctxgen::Error>,
    },
    #[error("`{0}` is no hook family; those there are: {1}")]
    NoFamily(String, String),
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::Write {
        path: path.to_owned(),
        error,
    })
}

/// A report as one line of JSON.
pub(crate) fn json(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    out.write_all(b"\n")
}

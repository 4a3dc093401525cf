//! clang, with the headers and the arguments of a build for a kernel.

use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use ctxgen::CLANG_TIMEOUT_VARIABLE;
use ctxgen::RunError;
use ctxgen::run_bounded;
use ctxgen::timeout_from;
use ctxgen_build::Builder;
use tempfile::TempDir;

use crate::output::Failure;
use crate::output::write;

/// What a source's headers are made under.
const NAME: &str = "source";

/// Builds for a kernel.
pub(super) struct Toolchain {
    builder: Builder,
    clang: PathBuf,
    /// The user's own arguments.
    more: Vec<OsString>,
    folder: TempDir,
}

/// A source with its headers.
pub(super) struct Source {
    file: PathBuf,
    /// What it is compiled with, but for its own name.
    pub(super) args: Vec<OsString>,
}

impl Toolchain {
    /// That of a builder without sources.
    pub(super) fn new(builder: Builder, more: &[String]) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| Failure::Write {
            path: std::env::temp_dir(),
            error,
        })?;
        let variable = std::env::var_os("CLANG").filter(|value| !value.is_empty());
        let clang = variable.map_or_else(|| "clang".into(), PathBuf::from);
        Ok(Self {
            builder: builder.clang(&clang),
            clang,
            more: more.iter().map(OsString::from).collect(),
            folder,
        })
    }

    /// Another text in place of the source.
    pub(super) fn replaced(&self, path: &Path, text: &str) -> Result<Source, Failure> {
        let name = path.file_name().unwrap_or("source.c".as_ref());
        let other = self.folder.path().join(name);
        write(&other, text.as_bytes())?;
        self.source(path, &other)
    }

    /// `file`, with the headers beside `path` and those of a build.
    pub(super) fn source(&self, path: &Path, file: &Path) -> Result<Source, Failure> {
        let beside = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.unwrap_or(Path::new("."));
        let mut more = self.more.clone();
        more.extend(["-iquote".into(), beside.into()]);
        let builder = self.builder.clone().clang_args(&more).object(NAME, [file]);
        let made = builder.headers(self.folder.path().join("include"));
        let made = made.map_err(|error| match error {
            ctxgen_build::Error::Compile { stderr, .. } => Failure::Compile {
                path: path.to_owned(),
                stderr,
            },
            error => error.into(),
        })?;
        let mut args: Vec<OsString> = made.arguments.into_iter().flatten().collect();
        args.append(&mut more);
        Ok(Source {
            file: file.to_owned(),
            args,
        })
    }

    /// Compiles a source, which is `path` to the user; the object's bytes.
    pub(super) fn compile(&self, path: &Path, source: &Source) -> Result<Vec<u8>, Failure> {
        let object = self.folder.path().join("source.bpf.o");
        let mut command = Command::new(&self.clang);
        command.args(&source.args).arg("-c").arg(&source.file);
        let output = run(command.arg("-o").arg(&object)).map_err(|error| match error {
            RunError::Io(error) => Failure::NoClang {
                clang: self.clang.clone(),
                error,
            },
            error => Failure::Stopped {
                clang: self.clang.clone(),
                error,
            },
        })?;
        match output.status.success() {
            true => crate::files::read(&object),
            false => Err(Failure::Compile {
                path: path.to_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }
}

fn run(command: &mut Command) -> Result<Output, RunError> {
    let variable = std::env::var(CLANG_TIMEOUT_VARIABLE).ok();
    run_bounded(command, timeout_from(variable.as_deref()))
}

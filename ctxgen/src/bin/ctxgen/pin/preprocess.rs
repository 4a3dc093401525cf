//! Sources as clang's preprocessor leaves them, with the headers that a build gives them.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use ctxgen::CLANG_TIMEOUT_VARIABLE;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Requests;
use ctxgen::RunError;
use ctxgen::clang_args;
use ctxgen::merge::merge;
use ctxgen::render;
use ctxgen::replace_stand_in;
use ctxgen::run_bounded;
use ctxgen::system_folders;
use ctxgen::system_folders_args;
use ctxgen::timeout_from;
use libbpf_rs::libbpf_sys;
use tempfile::TempDir;

use crate::output::Failure;
use crate::output::write;

/// clang, and a folder with headers.
#[derive(Debug)]
pub(crate) struct Preprocessor {
    clang: PathBuf,
    args: Vec<String>,
    include: TempDir,
}

impl Preprocessor {
    /// For sources of that kernel, with more arguments for clang.
    pub(crate) fn new(kernel: &KernelBtf, more: &[String]) -> Result<Self, Failure> {
        let variable = std::env::var_os("CLANG").filter(|value| !value.is_empty());
        let include = tempfile::tempdir().map_err(|error| Failure::Write {
            path: std::env::temp_dir(),
            error,
        })?;
        let folder = include.path().join("bpf");
        std::fs::create_dir_all(&folder).map_err(|error| Failure::Write {
            path: folder.clone(),
            error,
        })?;
        for (name, text) in libbpf_sys::API_HEADERS {
            write(&folder.join(name), text.as_bytes())?;
        }
        let header = render::vmlinux_without_types();
        write(&include.path().join("vmlinux.h"), header.as_bytes())?;
        let clang = variable.map_or_else(|| "clang".into(), PathBuf::from);
        let mut args = clang_args(kernel.byte_order(), kernel.arch());
        args.extend_from_slice(more);
        let folders = system_folders_of(&clang, kernel);
        for folder in folders.iter().filter_map(|folder| folder.to_str()) {
            args.extend(["-idirafter".to_owned(), folder.to_owned()]);
        }
        Ok(Self {
            clang,
            args,
            include,
        })
    }

    /// The folder of the headers.
    pub(crate) fn folder(&self) -> String {
        self.include.path().to_string_lossy().into_owned()
    }

    /// The sources with no context structs in `ctx.h`, and that header.
    pub(crate) fn without_contexts(
        &self,
        kernel: &KernelBtf,
        sources: &[PathBuf],
    ) -> Result<(Vec<String>, String), Failure> {
        let stand_in = render::header(&CtxBtf::new(kernel, [])?)?;
        Ok((self.with_header(&stand_in, sources)?, stand_in))
    }

    /// The sources with the contexts of these hooks in `ctx.h`, in either form that a build may give
    /// them. `texts` are the sources with the header `stand_in`.
    pub(crate) fn with_contexts(
        &self,
        kernel: &KernelBtf,
        sources: &[PathBuf],
        hooks: &[Hook],
        mut texts: Vec<String>,
        stand_in: &str,
    ) -> Result<Vec<String>, Failure> {
        let fixed = hooks.iter().map(|hook| Context::of_struct(kernel, hook));
        let fixed = fixed.collect::<Result<Vec<_>, _>>()?;
        let header = render::header(&CtxBtf::new(kernel, fixed)?)?;
        let path = format!("{}/ctx.h", self.folder());
        let mut has_other_macros = false;
        for text in &mut texts {
            has_other_macros |= !replace_stand_in(text, &path, stand_in, &header);
        }
        if has_other_macros {
            texts = self.with_header(&header, sources)?;
        }
        let kernels = std::slice::from_ref(kernel);
        let merged = hooks.iter().map(|hook| merge(kernels, hook));
        let merged = merged.collect::<Result<Vec<_>, _>>()?;
        let header = render::header(&CtxBtf::relocatable(kernels, merged)?)?;
        texts.extend(self.with_header(&header, sources)?);
        Ok(texts)
    }

    fn with_header(&self, header: &str, sources: &[PathBuf]) -> Result<Vec<String>, Failure> {
        write(&self.include.path().join("ctx.h"), header.as_bytes())?;
        sources.iter().map(|source| self.run(source)).collect()
    }

    fn run(&self, source: &Path) -> Result<String, Failure> {
        let mut command = Command::new(&self.clang);
        command.arg("-isystem").arg(self.include.path());
        command.args(&self.args).args(Requests::CLANG_ARGS);
        let output = run(command.arg(source).args(["-o", "-"]));
        let output = output.map_err(|error| match error {
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
            true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
            false => Err(Failure::Preprocess {
                path: source.to_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }),
        }
    }
}

pub(crate) fn run(command: &mut Command) -> Result<Output, RunError> {
    let variable = std::env::var(CLANG_TIMEOUT_VARIABLE).ok();
    run_bounded(command, timeout_from(variable.as_deref()))
}

/// The folders of the system's own headers; none where clang does not tell.
pub(crate) fn system_folders_of(clang: &Path, kernel: &KernelBtf) -> Vec<PathBuf> {
    let Some(arch) = kernel.arch() else {
        return Vec::new();
    };
    let order = kernel.byte_order();
    let args = system_folders_args(order, arch);
    let Ok(output) = run(Command::new(clang).args(args)) else {
        return Vec::new();
    };
    let said = String::from_utf8_lossy(&output.stderr);
    system_folders(&said, order, arch, Path::is_dir)
}

//! clang, with the headers that a build for a kernel has.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use ctxgen::CLANG_TIMEOUT_VARIABLE;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::RunError;
use ctxgen::clang_args;
use ctxgen::render;
use ctxgen::run_bounded;
use ctxgen::system_folders;
use ctxgen::system_folders_args;
use ctxgen::timeout_from;
use libbpf_rs::libbpf_sys;
use tempfile::TempDir;

use crate::output::Failure;
use crate::output::write;

/// The folder of the contexts, before those that the user names: another `ctx.h` may lack some.
const CONTEXTS: &str = "contexts";
/// The folder of the kernel's types and libbpf's headers, behind those that the user names.
const HEADERS: &str = "include";

/// clang, for a kernel.
pub(super) struct Toolchain<'k> {
    kernel: &'k KernelBtf,
    clang: PathBuf,
    args: Vec<String>,
    folder: TempDir,
}

impl<'k> Toolchain<'k> {
    pub(super) fn new(kernel: &'k KernelBtf, more: &[String]) -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|error| Failure::Write {
            path: std::env::temp_dir(),
            error,
        })?;
        let include = folder.path().join(HEADERS);
        let contexts = folder.path().join(CONTEXTS);
        for path in [&contexts, &include.join("bpf")] {
            std::fs::create_dir_all(path).map_err(|error| Failure::Write {
                path: path.clone(),
                error,
            })?;
        }
        for (name, text) in libbpf_sys::API_HEADERS {
            write(&include.join("bpf").join(name), text.as_bytes())?;
        }
        let types = render::vmlinux(kernel)?;
        write(&include.join("vmlinux.h"), types.as_bytes())?;
        let variable = std::env::var_os("CLANG").filter(|value| !value.is_empty());
        let clang = variable.map_or_else(|| "clang".into(), PathBuf::from);
        let mut args = clang_args(kernel.byte_order(), kernel.arch());
        let text = |path: &Path| path.to_string_lossy().into_owned();
        args.extend(["-I".to_owned(), text(&contexts)]);
        args.extend_from_slice(more);
        args.extend(["-isystem".to_owned(), text(&include)]);
        for folder in system_folders_of(&clang, kernel) {
            args.extend(["-idirafter".to_owned(), text(&folder)]);
        }
        Ok(Self {
            kernel,
            clang,
            args,
            folder,
        })
    }

    /// The arguments for a source, but for its own name: headers beside it are found wherever the source is.
    pub(super) fn args(&self, path: &Path) -> Vec<String> {
        let beside = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside
            .unwrap_or(Path::new("."))
            .to_string_lossy()
            .into_owned();
        let mut args = self.args.clone();
        args.extend(["-iquote".to_owned(), beside]);
        args
    }

    /// Writes `ctx.h` with the contexts of these hooks, and those that the text names.
    pub(super) fn contexts(&self, text: &str, hooks: &[Hook]) -> Result<(), Failure> {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names = text.split(|c| !is_part(c));
        let named = names.filter(|name| name.starts_with("btf_") && name.ends_with("_ctx"));
        let named = named.filter_map(|name| name.parse::<Hook>().ok());
        let mut seen = BTreeSet::new();
        let all = named.chain(hooks.iter().cloned());
        // What this kernel has no context for, clang says.
        let contexts: Vec<Context> = all
            .filter_map(|hook| Context::of_struct(self.kernel, &hook).ok())
            .filter(|context| seen.insert(context.struct_name.clone()))
            .collect();
        let header = render::header(&CtxBtf::new(self.kernel, contexts)?)?;
        let path = self.folder.path().join(CONTEXTS).join("ctx.h");
        write(&path, header.as_bytes())
    }

    /// Compiles another text in place of the source.
    pub(super) fn compile_text(&self, path: &Path, text: &str) -> Result<Vec<u8>, Failure> {
        let name = path.file_name().unwrap_or("source.c".as_ref());
        let other = self.folder.path().join(name);
        write(&other, text.as_bytes())?;
        self.compile(path, &other)
    }

    /// Compiles `file`, with the headers beside `path`; the object's bytes.
    pub(super) fn compile(&self, path: &Path, file: &Path) -> Result<Vec<u8>, Failure> {
        let object = self.folder.path().join("source.bpf.o");
        let mut command = Command::new(&self.clang);
        command.args(self.args(path)).arg("-c").arg(file);
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

/// The folders of the system's own headers; none where clang does not tell.
fn system_folders_of(clang: &Path, kernel: &KernelBtf) -> Vec<PathBuf> {
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

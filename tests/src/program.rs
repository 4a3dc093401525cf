//! BPF sources among the tests, and what they need of a kernel.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Shape;
use ctxgen::btf::Kind;
use ctxgen::system_folders;
use ctxgen::system_folders_args;

use crate::skip;
use crate::trimmed::corpus_files;

/// A source.
#[derive(Clone, Debug)]
pub struct Program {
    /// The file's name up to its first dot.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// The oldest kernel that has what it needs, major and minor.
    since: (u32, u32),
    /// The architectures that have it, as libbpf's macros call them; all, where there is none.
    archs: Vec<String>,
    /// Whether the kernel has to say which functions are kernel functions for BPF.
    needs_kfuncs: bool,
}

/// Those of the corpus, by name.
///
/// # Panics
/// If the folder cannot be read.
pub fn corpus() -> Vec<Program> {
    let files = corpus_files().unwrap_or_else(|error| panic!("{error}"));
    files
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(".bpf.c"))
        .map(|path| Program::read(&path))
        .collect()
}

/// Whether the system has a header of its own for an architecture.
fn has_header(kernel: &KernelBtf, header: &str) -> bool {
    let Some(arch) = kernel.arch() else {
        return false;
    };
    let order = kernel.byte_order();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let args = system_folders_args(order, arch);
    let output = Command::new(clang).args(args).output();
    let output = output.unwrap_or_else(|error| panic!("clang: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    let folders = system_folders(&said, order, arch, Path::is_dir);
    folders.iter().any(|folder| folder.join(header).exists())
}

impl Program {
    /// Reads the line `// kernels: RELEASE [ARCH…] [kfuncs]`.
    ///
    /// # Panics
    /// If there is none.
    pub fn read(path: &Path) -> Self {
        let text = text(path);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("// kernels: "));
        let mut words = line
            .unwrap_or_else(|| panic!("{}: for which kernels?", path.display()))
            .split(' ');
        let since = version(words.next().unwrap());
        let (kfuncs, archs): (Vec<_>, Vec<_>) =
            words.map(str::to_owned).partition(|word| word == "kfuncs");
        let file_name = path.file_name().unwrap().to_string_lossy();
        Self {
            name: file_name.split('.').next().unwrap().to_owned(),
            path: path.to_owned(),
            since,
            archs,
            needs_kfuncs: !kfuncs.is_empty(),
        }
    }

    /// Whether a kernel has what it needs, its contexts included; said where it has not.
    pub fn fits(&self, name: &str, release: &str, kernel: &KernelBtf) -> bool {
        let why_not = self.why_not(release, kernel).or_else(|| {
            let text = text(&self.path);
            let reads_call = text.contains("BPF_PROBE_READ(ctx->args");
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            words.find_map(|word| {
                let hook = Hook::from_struct_name(word)?;
                match Context::of_struct(kernel, &hook) {
                    Ok(context) if reads_call && !has_call(&context) => {
                        Some(format!("nothing tells what arguments {hook} has"))
                    }
                    Ok(_) => None,
                    Err(_) => Some(format!("it has no {hook}")),
                }
            })
        });
        if let Some(why_not) = &why_not {
            skip(&format!("{} on {name}", self.name), why_not);
        }
        why_not.is_none()
    }

    /// Why a kernel is none for the program, if so.
    pub fn why_not(&self, release: &str, kernel: &KernelBtf) -> Option<String> {
        let arch = kernel
            .arch()
            .map(|arch| arch.to_string())
            .unwrap_or_default();
        if version(release) < self.since {
            let (major, minor) = self.since;
            Some(format!("it needs {major}.{minor}"))
        } else if !self.archs.is_empty() && !self.archs.contains(&arch) {
            Some(format!("it is not for {arch}"))
        } else if self.needs_kfuncs && !has_kfuncs(kernel) {
            Some("BTF does not tell which functions are kernel functions for BPF".to_owned())
        } else if text(&self.path).contains("<bpf/usdt.bpf.h>")
            && !has_header(kernel, "asm/errno.h")
        {
            // usdt.bpf.h includes <linux/errno.h>, and that one this.
            Some(format!(
                "the system has no <asm/errno.h> for {arch} (Debian: libc6-dev, libc6-dev-…-cross)"
            ))
        } else {
            None
        }
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Whether a context that points to the arguments of a system call does so with their types. Of others, it
/// has nothing to do so.
fn has_call(context: &Context) -> bool {
    let is_call = |hook: &Hook| hook.family().name() == "ksyscall";
    match &context.shape {
        Shape::Generated { layout, .. } if context.hooks.iter().any(is_call) => {
            layout.system_call.is_some()
        }
        _ => true,
    }
}

/// The first two numbers of a release; 0 for what is none.
pub(crate) fn version(release: &str) -> (u32, u32) {
    let mut numbers = release
        .split(['.', '-'])
        .map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

fn has_kfuncs(kernel: &KernelBtf) -> bool {
    kernel
        .btf()
        .types()
        .any(|ty| matches!(ty.kind(), Kind::DeclTag { .. }) && ty.name() == "bpf_kfunc")
}

//! The programs, and what they need of a kernel.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::btf::Kind;
use ctxgen_tests::trimmed::corpus_files;

/// A program of the corpus.
#[derive(Debug)]
pub(crate) struct Program {
    /// The file's name up to its first dot.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// The oldest kernel that has what it needs, major and minor.
    since: (u32, u32),
    /// The architectures that have it, as libbpf's macros call them; all, where there is none.
    archs: Vec<String>,
    /// Whether the kernel has to say which functions are kernel functions for BPF.
    needs_kfuncs: bool,
}

/// All of them, by name.
pub(crate) fn all() -> Vec<Program> {
    let files = corpus_files().unwrap();
    files
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(".bpf.c"))
        .map(|path| Program::read(&path))
        .collect()
}

impl Program {
    /// Reads the line `// kernels: RELEASE [ARCH…] [kfuncs]`.
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
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

    /// Why a kernel is none for the program, if so.
    pub(crate) fn why_not(&self, release: &str, kernel: &KernelBtf) -> Option<String> {
        let arch = kernel.arch().unwrap().to_string();
        if version(release) < self.since {
            let (major, minor) = self.since;
            Some(format!("it needs {major}.{minor}"))
        } else if !self.archs.is_empty() && !self.archs.contains(&arch) {
            Some(format!("it is not for {arch}"))
        } else if self.needs_kfuncs && !has_kfuncs(kernel) {
            Some("BTF does not tell which functions are kernel functions for BPF".to_owned())
        } else {
            None
        }
    }
}

fn version(release: &str) -> (u32, u32) {
    let mut numbers = release.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

fn has_kfuncs(kernel: &KernelBtf) -> bool {
    kernel
        .btf()
        .types()
        .any(|ty| matches!(ty.kind(), Kind::DeclTag { .. }) && ty.name() == "bpf_kfunc")
}

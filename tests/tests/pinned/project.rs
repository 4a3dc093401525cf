//! Sources to pin and to build, and what became of them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Arch;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::corpus;
use ctxgen_tests::trimmed::sample_sources;
use ctxgen_tests::workspace;

/// Sources, and the kernel that they are for.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) sources: Vec<PathBuf>,
    pub(crate) arch: Arch,
    pub(crate) relocatable: bool,
}

impl Project {
    /// The samples and the programs of the corpus that a kernel has everything for.
    pub(crate) fn of_all(release: &str, btf: &Path) -> Self {
        let kernel = KernelBtf::from_path(btf).unwrap();
        let corpus = corpus().into_iter();
        let corpus = corpus.filter(|program| program.why_not(release, &kernel).is_none());
        let mut sources: Vec<PathBuf> = corpus.map(|program| program.path).collect();
        sources.extend(sample_sources().unwrap());
        sources.retain(|source| has_all_hooks(source, &kernel));
        Self {
            sources,
            arch: kernel.arch().unwrap(),
            relocatable: false,
        }
    }

    pub(crate) fn builder(&self, btf: &Path) -> Builder {
        let mut include = OsString::from("-I");
        include.push(workspace().join("tests/corpus"));
        Builder::new()
            .sources(&self.sources)
            .btf(btf)
            .relocatable(self.relocatable)
            .target(format!("{}-unknown-linux-gnu", self.arch.rust_name()))
            .clang_args([include])
    }

    /// Pins what they reach of a kernel, in a new file.
    pub(crate) fn pin(&self, btf: &Path, path: &Path) {
        let pinned = self.builder(btf).pin(path);
        pinned.unwrap_or_else(|error| panic!("{}: {error}", btf.display()));
    }

    /// All that a build leaves, by its path, but for the contexts' BTF: that continues the kernel's.
    pub(crate) fn build(&self, btf: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, Error> {
        let out = tempfile::tempdir().unwrap();
        let artifacts = self.builder(btf).out_dir(out.path()).generate()?;
        assert_eq!(artifacts.warnings, [""; 0], "{}", btf.display());
        let mut files = files(out.path());
        assert!(files.remove(Path::new("ctx.btf")).is_some());
        Ok(files)
    }
}

fn has_all_hooks(source: &Path, kernel: &KernelBtf) -> bool {
    let text = std::fs::read_to_string(source).unwrap();
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter_map(Hook::from_struct_name)
        .all(|hook| ctxgen::Context::of_struct(kernel, &hook).is_ok())
}

/// All files below a folder, by their path in it.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_owned();
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

/// # Panics
/// If they are not the same files with the same bytes.
pub(crate) fn assert_same(
    pinned: &BTreeMap<PathBuf, Vec<u8>>,
    full: &BTreeMap<PathBuf, Vec<u8>>,
    what: &str,
) {
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(pinned), names(full), "{what}");
    for (name, bytes) in pinned {
        if bytes == &full[name] {
            continue;
        }
        let [pinned, full] = [bytes, &full[name]].map(|bytes| String::from_utf8_lossy(bytes));
        let mut lines = pinned.lines().zip(full.lines()).enumerate();
        let first = lines.find(|(_, (pinned, full))| pinned != full);
        panic!("{what}: {} differs: {first:?}", name.display());
    }
}

//! Holds a library's modules to an order: data runs one way, so a module uses what stands before it and
//! nothing behind it, and no two files use each other, however many are between them.
//!
//! Read are the library's sources as they stand, without what is compiled for tests alone.

mod circles;
mod source;
mod tree;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use self::circles::circles;
pub use self::source::Word;
pub use self::source::words;
pub use self::tree::Arrow;
pub use self::tree::Tree;

/// All files below a folder, those for tests too.
///
/// # Panics
/// Where a folder cannot be read.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder);
        let entries = entries.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for entry in entries {
            let path = entry.unwrap_or_else(|error| panic!("{error}")).path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path),
            }
        }
    }
    files
}

/// What a library's modules are held to.
#[derive(Clone, Copy, Debug)]
pub struct Layers {
    /// The modules, each with those before it to use. A file is of the module whose name its path begins
    /// with, of several the longest: `stages/scan`.
    pub order: &'static [&'static str],
    /// What is not cut yet: a module, one behind it in the order that it uses, and in how many lines.
    pub allowed: &'static [(&'static str, &'static str, usize)],
    /// Circles of files that are not cut yet, by how many files are in each, the largest first.
    pub circles: &'static [usize],
}

impl Layers {
    /// What in a library is not as it is to be, a line each; empty where all is.
    pub fn faults(&self, tree: &Tree) -> String {
        let faults = [self.back(tree), self.around(tree), self.unplaced(tree)];
        faults.concat()
    }

    /// Arrows to modules that stand behind.
    fn back(&self, tree: &Tree) -> String {
        let mut left: BTreeMap<_, usize> = self
            .allowed
            .iter()
            .map(|(from, to, count)| ((Some(*from), Some(*to)), *count))
            .collect();
        let mut faults = String::new();
        for arrow in &tree.arrows {
            let modules = (self.module(&arrow.from), self.module(&arrow.to));
            if modules.0.is_none() || self.rank(modules.1) <= self.rank(modules.0) {
                continue;
            }
            match left.get_mut(&modules) {
                Some(count) if *count > 0 => *count -= 1,
                _ => writeln!(faults, "against the order of modules: {arrow}").unwrap_or(()),
            }
        }
        left.retain(|_, count| *count > 0);
        for modules in left.keys() {
            writeln!(faults, "cut, and allowed still: {modules:?}").unwrap_or(());
        }
        faults
    }

    /// Circles of files.
    fn around(&self, tree: &Tree) -> String {
        let circles = circles(&tree.arrows);
        let sizes: Vec<_> = circles.iter().map(BTreeSet::len).collect();
        let mut faults = String::new();
        if sizes == self.circles {
            return faults;
        }
        writeln!(
            faults,
            "circles of {sizes:?} files, and not of {:?}",
            self.circles
        )
        .unwrap_or(());
        for circle in &circles {
            for arrow in &tree.arrows {
                if circle.contains(&arrow.from) && circle.contains(&arrow.to) {
                    writeln!(faults, "  {arrow}").unwrap_or(());
                }
            }
        }
        faults
    }

    /// Files without a place in the order, and places without a file.
    fn unplaced(&self, tree: &Tree) -> String {
        let mut faults = String::new();
        let placed: BTreeSet<_> = tree
            .files
            .iter()
            .flat_map(|file| self.module(file))
            .collect();
        for module in self.order.iter().filter(|module| !placed.contains(*module)) {
            writeln!(faults, "in the order, and no file: {module}").unwrap_or(());
        }
        let is_unplaced = |file: &&String| *file != "lib.rs" && self.module(file).is_none();
        for file in tree.files.iter().filter(is_unplaced) {
            writeln!(faults, "without a place in the order: {file}").unwrap_or(());
        }
        if self.order.iter().collect::<BTreeSet<_>>().len() != self.order.len() {
            writeln!(faults, "twice in the order: a module").unwrap_or(());
        }
        faults
    }

    /// The module that a file is of; `None` of the crate's root, which only says which names are public.
    fn module(&self, file: &str) -> Option<&'static str> {
        let is_of = |module: &&&str| {
            let rest = file.strip_prefix(**module);
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        let modules = self.order.iter().filter(is_of);
        modules.max_by_key(|module| module.len()).copied()
    }

    fn rank(&self, module: Option<&str>) -> Option<usize> {
        self.order.iter().position(|other| Some(*other) == module)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYERS: Layers = Layers {
        order: &["low", "stages/one", "stages", "high"],
        allowed: &[],
        circles: &[],
    };

    fn tree(files: &[(&str, &str)]) -> Tree {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Tree::read(dir.path())
    }

    const ROOT: (&str, &str) = ("lib.rs", "mod low; mod stages; mod high;");
    const STAGES: (&str, &str) = ("stages/mod.rs", "mod one;");

    #[test]
    fn arrows_run_one_way() {
        let one = ("stages/one.rs", "use crate::low::L; pub struct O;");
        let high = ("high.rs", "use crate::stages::one::O;");
        let good = tree(&[ROOT, ("low.rs", "pub struct L;"), STAGES, one, high]);
        assert_eq!(LAYERS.faults(&good), "");
        let up = ("low.rs", "pub struct L; use crate::stages::one::O;");
        let faults = LAYERS.faults(&tree(&[ROOT, up, STAGES, one, high]));
        assert!(
            faults.contains("against the order of modules: low.rs:1"),
            "{faults}"
        );
        assert!(faults.contains("circles of [2] files"), "{faults}");
    }

    #[test]
    fn every_file_has_a_place() {
        let root = ("lib.rs", "mod low; mod other;");
        let faults = LAYERS.faults(&tree(&[root, ("low.rs", ""), ("other.rs", "")]));
        assert!(
            faults.contains("without a place in the order: other.rs"),
            "{faults}"
        );
        assert!(
            faults.contains("in the order, and no file: high"),
            "{faults}"
        );
    }
}

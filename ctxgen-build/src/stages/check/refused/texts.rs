//! The files and texts of lines, from the names that an object has for the files.
//!
//! A compiler writes what is to be the same on every machine. And clang quotes lines only where it finds the
//! file by the name that it writes, from the folder that it is run in.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use ctxgen::object::accesses::Line;

/// A source file, by the name that an object has for it.
#[derive(Debug)]
struct File {
    /// The name that a person knows it by.
    name: Arc<str>,
    lines: Vec<Arc<str>>,
}

/// The source files of an object.
#[derive(Debug)]
pub(in super::super) struct Texts<'r> {
    sources: &'r [PathBuf],
    root: &'r Path,
    /// Folders, and what stands for them in the object.
    prefixes: Vec<(&'r Path, &'r OsStr)>,
    files: HashMap<Arc<str>, File>,
}

impl<'r> Texts<'r> {
    /// Those of an object that was made of these sources in a package's folder, `root`.
    pub(in super::super) fn new(
        sources: &'r [PathBuf],
        root: &'r Path,
        prefixes: Vec<(&'r Path, &'r OsStr)>,
    ) -> Self {
        Self {
            sources,
            root,
            prefixes,
            files: HashMap::new(),
        }
    }

    /// The source that is meant by the names that an object has for files, in the order of these.
    pub(super) fn source(&mut self, files: &[Arc<str>]) -> Option<&'r Path> {
        let sources = self.sources;
        let mut names = files.iter().map(|file| Arc::clone(&self.file(file).name));
        let is = |name: &str| {
            let mut sources = sources.iter();
            sources.find(|source| source.to_string_lossy() == name)
        };
        names.find_map(|name| is(&name)).map(PathBuf::as_path)
    }

    fn file(&mut self, name: &Arc<str>) -> &File {
        if !self.files.contains_key(name) {
            let file = self.read(name);
            self.files.insert(Arc::clone(name), file);
        }
        &self.files[name]
    }

    /// Gives a line its file's own name, and its text where the object has none.
    pub(in super::super) fn fill_in(&mut self, line: &mut Line) {
        let name = Arc::clone(&line.file);
        let file = self.file(&name);
        line.file = Arc::clone(&file.name);
        let place = usize::try_from(line.number).ok();
        let place = place.and_then(|number| number.checked_sub(1));
        if line.text.is_empty()
            && let Some(text) = place.and_then(|place| file.lines.get(place))
        {
            line.text = Arc::clone(text);
        }
    }

    fn read(&self, name: &str) -> File {
        let path = self.paths(name).find(|path| path.is_file());
        let bytes = path.as_ref().and_then(|path| std::fs::read(path).ok());
        let text = bytes.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let source = path.as_ref().and_then(|path| {
            let is_it = |source: &&PathBuf| *path == self.root.join(source);
            self.sources.iter().find(is_it)
        });
        let name = match (source, &path) {
            (Some(source), _) => source.display().to_string(),
            (None, Some(path)) => path
                .strip_prefix(self.root)
                .unwrap_or(path)
                .display()
                .to_string(),
            (None, None) => name.to_owned(),
        };
        File {
            name: name.into(),
            lines: text.lines().map(|line| line.trim().into()).collect(),
        }
    }

    /// Where a file may be.
    fn paths(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        // That is the folder that clang is told it runs in.
        let name = name.strip_prefix("./").unwrap_or(name);
        let name = Path::new(name).to_owned();
        let at_root = self.root.join(&name);
        let prefixes = self.prefixes.clone().into_iter().rev();
        let mapped = prefixes.filter_map(move |(path, stands_for)| {
            Some(path.join(name.strip_prefix(stands_for).ok()?))
        });
        mapped.chain([at_root])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_texts() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("package");
        let other = dir.path().join("shared/bpf");
        for (folder, file) in [(&root, "a.bpf.c"), (&root, "b.h"), (&other, "c.h")] {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(file), format!("first\n\tof {file};\n")).unwrap();
        }
        let prefixes = vec![
            (root.as_path(), OsStr::new(".")),
            (&other, OsStr::new("bpf")),
        ];
        let sources = [PathBuf::from("a.bpf.c")];
        let mut texts = Texts::new(&sources, &root, prefixes);
        let outside = other.join("c.h").display().to_string();
        for (file, number, text, expected) in [
            ("./a.bpf.c", 2, "", ("a.bpf.c", "of a.bpf.c;")),
            ("a.bpf.c", 2, "quoted", ("a.bpf.c", "quoted")),
            ("./b.h", 1, "", ("b.h", "first")),
            ("./bpf/c.h", 2, "", (&*outside, "of c.h;")),
            ("a.bpf.c", 9, "", ("a.bpf.c", "")),
            ("nowhere.c", 1, "", ("nowhere.c", "")),
        ] {
            let mut line = Line {
                file: file.into(),
                number,
                text: text.into(),
                function: "".into(),
            };
            texts.fill_in(&mut line);
            assert_eq!((&*line.file, &*line.text), expected, "{file}");
        }
    }
}

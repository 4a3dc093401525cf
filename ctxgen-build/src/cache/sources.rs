//! What an object is made of.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Marker;

use super::digest::Digest;
use super::digest::Digester;

/// What a source is compiled with.
#[derive(Debug)]
pub(crate) struct Command<'a> {
    /// What tells the compiler from others.
    pub(crate) compiler: Digest,
    pub(crate) program: &'a Path,
    /// Without the folders of the machine that do not matter.
    pub(crate) args: Vec<OsString>,
    /// Files of more arguments.
    pub(crate) argument_files: &'a [PathBuf],
    /// The folders of the machine that do not get into the object.
    pub(crate) folders: Folders,
}

/// A digest of all that an object depends on: ctxgen and libbpf, which complete it, the compiler and its
/// arguments, what the preprocessor makes of the source (`text`), the files that it reads for that (their
/// macros may change `vmlinux.h` and nothing else), and `vmlinux.h`. Folders that do not get into the object
/// do not get into the digest either.
///
/// `None` where a part of it is not known: then the object has to be made again.
pub(crate) fn digest(command: &Command<'_>, text: &str, vmlinux: &[u8]) -> Option<Digest> {
    let folders = &command.folders;
    let mut digest = Digester::of_product();
    digest.add(command.compiler.to_string());
    digest.add(folders.strike(command.program.to_str()?));
    for arg in &command.args {
        digest.add(folders.strike(arg.to_str()?));
    }
    for file in command.argument_files {
        digest.add(fs::read(file).ok()?);
    }
    digest.add("source");
    let (text, files) = without_macros(text, folders);
    digest.add(&text);
    for file in files {
        digest.add(folders.strike(&file));
        digest.add(match fs::read(&file) {
            Ok(bytes) => bytes,
            // `#line` may name what it likes.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(_) => return None,
        });
    }
    digest.add("vmlinux.h");
    digest.add(vmlinux);
    Some(digest.finish())
}

/// A preprocessed text without the definitions of macros, which come from the arguments and from the files,
/// and these files, each once.
fn without_macros(text: &str, folders: &Folders) -> (String, Vec<String>) {
    let mut kept = String::with_capacity(text.len());
    let (mut markers, mut seen) = (HashSet::new(), HashSet::new());
    let mut files = Vec::new();
    for line in text.split_inclusive('\n') {
        let Some(rest) = line.strip_prefix('#') else {
            kept.push_str(line);
            continue;
        };
        match Marker::parse(line.trim_end()) {
            Some(marker) => {
                kept.push_str(&folders.strike(line));
                if markers.insert(line) {
                    let file = marker.file().map(Cow::into_owned);
                    files.extend(file.filter(|file| seen.insert(file.clone())));
                }
            }
            None if is_of_macro(rest) => {}
            None => kept.push_str(line),
        }
    }
    (kept, files)
}

/// The folders of the machine that the compiler is told not to leave in the object, the longest first, and
/// what stands in their place.
#[derive(Clone, Debug)]
pub(crate) struct Folders(Vec<(String, String)>);

impl Folders {
    /// The longest come last.
    pub(crate) fn new(prefixes: &[(&Path, &OsStr)]) -> Self {
        let text = |part: &OsStr| part.to_str().map(str::to_owned);
        let folders = prefixes
            .iter()
            .rev()
            .filter_map(|(path, stands_for)| Some((text(path.as_os_str())?, text(stands_for)?)))
            .filter(|(path, _)| !path.is_empty());
        Self(folders.collect())
    }

    /// Whether one of them is in a text, which then is another one elsewhere.
    pub(crate) fn are_in(&self, text: &str) -> bool {
        self.0.iter().any(|(path, _)| text.contains(path))
    }

    fn strike(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (path, stands_for) in &self.0 {
            if text.contains(path) {
                text = text.replace(path, stands_for);
            }
        }
        text
    }
}

/// Whether a directive, without its first character, is about a macro.
fn is_of_macro(directive: &str) -> bool {
    ["define ", "undef "]
        .iter()
        .any(|word| directive.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(root: &str, text: &str) -> Option<Digest> {
        let root = Path::new(root);
        let command = Command {
            compiler: Digest::of("clang"),
            program: Path::new("clang"),
            args: vec![format!("-I{}/include", root.display()).into()],
            argument_files: &[],
            folders: Folders::new(&[(root, OsStr::new("."))]),
        };
        digest(&command, text, b"")
    }

    #[test]
    fn folders_of_the_machine_do_not_count() {
        let text = |root: &str| format!("# 1 \"{root}/none.h\" 1\n#define A 1\nint a;\n");
        let here = of("/here", &text("/here"));
        assert!(here.is_some());
        assert_eq!(here, of("/else/where", &text("/else/where")));
        assert_ne!(here, of("/here", &text("/here").replace("int", "long")));
        assert_ne!(here, of("/here", &text("/here").replace("none", "other")));
        // The macro's own file is in the digest.
        assert_eq!(here, of("/here", &text("/here").replace("A 1", "A 2")));
    }

    #[test]
    fn what_cannot_be_read_has_no_digest() {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("# 1 \"{}\" 1\n", dir.path().display());
        assert_eq!(of("/here", &text), None);
    }
}

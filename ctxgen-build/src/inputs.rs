//! What an object is made of.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::IDIRAFTER;
use crate::clang::Options;
use crate::digest::Digest;
use crate::digest::Digester;

/// A digest of all that an object depends on: clang and its arguments, what the preprocessor makes of
/// the source, the files that it reads for that (their macros may change `vmlinux.h` and nothing
/// else), and `vmlinux.h`. Folders that do not get into the object do not get into the digest either.
///
/// `None` where a part of it is not known: then the object has to be made again.
pub(crate) fn digest(
    clang: &Clang,
    options: &Options<'_>,
    source: &Path,
    macros: &[String],
    expanded: &Expanded,
    vmlinux: &[u8],
) -> Option<Digest> {
    let folders = Folders::new(options, source, &expanded.first);
    let mut digest = Digester::new();
    digest.add(env!("CARGO_PKG_VERSION"));
    digest.add(clang.identity().to_string());
    digest.add(folders.strike(clang.path().to_str()?));
    let command = clang.compiling(source, macros, options);
    let mut args = command.get_args().peekable();
    while let Some(arg) = args.next() {
        // What is read of the system's headers is in the digest, and their folders are the machine's.
        let is_system = |folder: &&OsStr| options.system.iter().any(|own| own == folder);
        if arg == IDIRAFTER && args.next_if(is_system).is_some() {
            continue;
        }
        digest.add(folders.strike(arg.to_str()?));
    }
    digest.add("source");
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    let mut text = String::with_capacity(expanded.text.len());
    for line in expanded.text.split_inclusive('\n') {
        match file_of_marker(line) {
            Some(file) => {
                text.push_str(&folders.strike(line));
                if seen.insert(line) {
                    files.push(file);
                }
            }
            // Those of files and arguments are known by these.
            None if line.starts_with("#define ") || line.starts_with("#undef ") => {}
            None => text.push_str(line),
        }
    }
    digest.add(&text);
    let mut seen = HashSet::new();
    for file in files {
        if seen.insert(file.clone()) {
            digest.add(folders.strike(&file));
            digest.add(match fs::read(&file) {
                Ok(bytes) => bytes,
                // `#line` may name what it likes.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
                Err(_) => return None,
            });
        }
    }
    digest.add("vmlinux.h");
    digest.add(vmlinux);
    Some(digest.finish())
}

/// Whether one of the folders of the machine is in a text, which then is another one elsewhere.
pub(crate) fn has_folder(text: &str, options: &Options<'_>, source: &Path) -> bool {
    let folders = Folders::new(options, source, Path::new(""));
    folders.strike(text) != text
}

/// The folders of the machine that clang is told not to leave in the object, the longest first, and
/// what stands in their place.
struct Folders(Vec<(String, String)>);

impl Folders {
    /// `first` is the folder of headers that only the preprocessor has.
    fn new(options: &Options<'_>, source: &Path, first: &Path) -> Self {
        let mut prefixes = options.prefixes(source);
        prefixes.push((first, OsStr::new("include")));
        let text = |part: &OsStr| part.to_str().map(str::to_owned);
        let folders = prefixes
            .into_iter()
            .rev()
            .filter_map(|(path, stands_for)| Some((text(path.as_os_str())?, text(stands_for)?)))
            .filter(|(path, _)| !path.is_empty());
        Self(folders.collect())
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

/// The file that a line marker names: `# 1 "src/own.h" 1`. What is no file is in angle brackets.
fn file_of_marker(line: &str) -> Option<String> {
    let (number, rest) = line.strip_prefix("# ")?.split_once(" \"")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || rest.starts_with('<') {
        return None;
    }
    let mut file = String::new();
    let mut chars = rest.chars();
    loop {
        match chars.next()? {
            '"' => return Some(file),
            '\\' => file.push(chars.next()?),
            c => file.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_markers() {
        for (line, expected) in [
            ("# 1 \"src/a.bpf.c\"\n", Some("src/a.bpf.c")),
            (
                "# 12 \"/usr/include/a b.h\" 1 3\n",
                Some("/usr/include/a b.h"),
            ),
            ("# 2 \"a\\\"b\\\\c.h\" 2\n", Some("a\"b\\c.h")),
            ("# 1 \"<built-in>\" 3\n", None),
            ("# 1 \"open\n", None),
            ("#pragma once \"a\"\n", None),
            ("int a; # 1 \"a\"\n", None),
            ("", None),
        ] {
            assert_eq!(file_of_marker(line).as_deref(), expected, "{line}");
        }
    }
}

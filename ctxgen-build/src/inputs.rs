//! What an object is made of.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use ctxgen::Marker;

use crate::clang::Clang;
use crate::clang::Expanded;
use crate::clang::IDIRAFTER;
use crate::clang::Options;
use crate::digest::Digest;
use crate::digest::Digester;

/// A digest of all that an object depends on: ctxgen and libbpf, which complete it, clang and its arguments, what the preprocessor makes of
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
    let mut digest = Digester::of_product();
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
    for file in options.argument_files {
        digest.add(fs::read(file).ok()?);
    }
    digest.add("source");
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    let mut text = String::with_capacity(expanded.text.len());
    for line in expanded.text.split_inclusive('\n') {
        // Definitions of macros come from the arguments and from the files.
        let Some(rest) = line.strip_prefix('#') else {
            text.push_str(line);
            continue;
        };
        match Marker::parse(line.trim_end()) {
            Some(marker) => {
                text.push_str(&folders.strike(line));
                if seen.insert(line) {
                    files.extend(marker.file().map(Cow::into_owned));
                }
            }
            None if is_of_macro(rest) => {}
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

/// Whether a directive, without its first character, is about a macro.
fn is_of_macro(directive: &str) -> bool {
    ["define ", "undef "]
        .iter()
        .any(|word| directive.starts_with(word))
}

//! Names, paths and lines in messages.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::text;

/// A path on one line, in which nothing controls a terminal.
pub(crate) fn shown(path: &Path) -> String {
    text::name(&path.to_string_lossy()).into_owned()
}

/// Paths as a text: `a.bpf.c, b.bpf.c and c.bpf.c`.
pub(crate) fn listed(sources: &[PathBuf]) -> String {
    let paths: Vec<String> = sources.iter().map(|path| shown(path)).collect();
    match &paths[..] {
        [paths @ .., last] if !paths.is_empty() => format!("{} and {last}", paths.join(", ")),
        _ => paths.concat(),
    }
}

/// The text of a source line, which may have tabs.
pub(crate) fn line_of(line: &str) -> String {
    let parts: Vec<_> = line.split('\t').map(text::name).collect();
    parts.join("\t")
}

//! What objects are called by, and the types of their skeletons.
//!
//! An object's name is in the names of the files that are made of it, in libbpf's names of its maps of
//! global variables, and, in another spelling, in the names of Rust types. So it has to be an
//! identifier of ASCII characters.

use std::ffi::OsStr;
use std::path::Path;

/// What a source's object is called by: its file name up to the first dot, each character that cannot
/// be in an identifier as `_`, and another `_` before a digit that it would start with.
///
/// `None` where nothing is left that the skeleton's types could be called by.
pub(crate) fn of_source(source: &Path) -> Option<String> {
    let file_name = source.file_name().map(OsStr::to_string_lossy)?;
    let stem = file_name.split('.').next().unwrap_or_default();
    let name = identifier(stem);
    is_name(&name).then_some(name)
}

/// Whether an object can be called by that.
pub(crate) fn is_name(name: &str) -> bool {
    ctxgen::is_identifier(name) && name.bytes().any(|byte| byte != b'_')
}

/// The nearest identifier.
pub(crate) fn identifier(text: &str) -> String {
    let of_char = |c: char| match c.is_ascii_alphanumeric() {
        true => c,
        false => '_',
    };
    let name: String = text.chars().map(of_char).collect();
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name,
    }
}

/// What the skeleton's types are called by: `mprotect_guard` becomes `MprotectGuard`, as libbpf-cargo
/// has it, for any number of `_`; and `_9p` becomes `_9p`.
pub(crate) fn type_name(name: &str) -> String {
    let name: String = words(name).map(upper_first).collect();
    match name.starts_with(|c: char| c.is_ascii_digit()) {
        true => format!("_{name}"),
        false => name,
    }
}

/// The parts between `_`, none of them empty: libbpf-cargo panics on those that are.
pub(crate) fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split('_').filter(|word| !word.is_empty())
}

fn upper_first(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (source, name, types) in [
            ("guard.bpf.c", "guard", "Guard"),
            ("mprotect_guard.bpf.c", "mprotect_guard", "MprotectGuard"),
            ("src/bpf/my__tool.bpf.c", "my__tool", "MyTool"),
            ("tool_.bpf.c", "tool_", "Tool"),
            ("__x.bpf.c", "__x", "X"),
            ("accept-latency.bpf.c", "accept_latency", "AcceptLatency"),
            ("9p.bpf.c", "_9p", "_9p"),
            ("9p_fs.bpf.c", "_9p_fs", "_9pFs"),
            ("a_9.c", "a_9", "A9"),
            ("my tool (2).bpf.c", "my_tool__2_", "MyTool2"),
            ("für.bpf.c", "f_r", "FR"),
            ("type.bpf.c", "type", "Type"),
            ("Self.bpf.c", "Self", "Self"),
            ("TCPLife.bpf.c", "TCPLife", "TCPLife"),
            ("noext", "noext", "Noext"),
            ("C:\\bpf\\con.bpf.c", "C__bpf_con", "CBpfCon"),
        ] {
            let found = of_source(Path::new(source));
            assert_eq!(found.as_deref(), Some(name), "{source}");
            assert_eq!(type_name(name), types, "{source}");
            assert!(ctxgen::is_identifier(types));
        }
        for source in [".bpf.c", "_.bpf.c", "日本.bpf.c", "--.bpf.c", "src/..", ""] {
            assert_eq!(of_source(Path::new(source)), None, "{source}");
        }
    }
}

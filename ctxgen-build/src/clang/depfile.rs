//! The files that clang read, from the Makefile rule that it writes with `-MD`.
//!
//! Headers that an option of the user's has found count, `-isystem` included: they may be the package's
//! own. The generated ones and those of the system's folders do not.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::path::PathBuf;

/// What stands between a rule's target and its prerequisites.
const SEPARATOR: &[u8] = b": ";

/// The prerequisites of the rule that are not in one of the `others` folders. Paths are bytes: they need not
/// be text.
pub(crate) fn prerequisites(rule: &[u8], others: &[&Path]) -> Vec<PathBuf> {
    // clang leaves that out.
    let plain = |folder: &&Path| folder.strip_prefix(".").unwrap_or(folder).to_owned();
    let others: Vec<PathBuf> = others.iter().map(plain).collect();
    let is_other = |path: &PathBuf| others.iter().any(|folder| path.starts_with(folder));
    let mut paths = all(rule);
    paths.retain(|path| !is_other(path));
    paths
}

fn all(rule: &[u8]) -> Vec<PathBuf> {
    let at = |window: &[u8]| window == SEPARATOR;
    let Some(end) = rule.windows(SEPARATOR.len()).position(at) else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    let mut path = Vec::new();
    let mut bytes = rule[end + SEPARATOR.len()..].iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            // A line goes on.
            (b'\\', Some(b'\n')) => {
                bytes.next();
                push(&mut paths, &mut path);
            }
            (b'\\', Some(b' ' | b'#' | b'\\')) => path.extend(bytes.next()),
            (b'$', Some(b'$')) => path.extend(bytes.next()),
            (byte, _) if byte.is_ascii_whitespace() => push(&mut paths, &mut path),
            (byte, _) => path.push(byte),
        }
    }
    push(&mut paths, &mut path);
    paths
}

fn push(paths: &mut Vec<PathBuf>, path: &mut Vec<u8>) {
    if !path.is_empty() {
        paths.push(OsString::from_vec(std::mem::take(path)).into());
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn rules_as_clang_writes_them() {
        let rule = b"object: src/a.bpf.c src/with\\ space.h \\\n  /abs/b$$.h src/h\\#.h \xff/x.h\n";
        let expected: [&[u8]; 5] = [
            b"src/a.bpf.c",
            b"src/with space.h",
            b"/abs/b$.h",
            b"src/h#.h",
            b"\xff/x.h",
        ];
        let expected = expected.map(|path| PathBuf::from(OsStr::from_bytes(path)));
        assert_eq!(prerequisites(rule, &[]), expected);
        assert!(prerequisites(b"", &[]).is_empty());
    }

    #[test]
    fn without_headers_of_other_folders() {
        let rule = b"object: a.c out/include/ctx.h /tmp/x/include/ctx.h out/includes/b.h\n";
        let generated = ["./out/include", "/tmp/x/include"].map(Path::new);
        let expected = ["a.c", "out/includes/b.h"].map(PathBuf::from);
        assert_eq!(prerequisites(rule, &generated), expected);
    }
}

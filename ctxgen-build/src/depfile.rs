//! The files that clang read, from the Makefile rule that it writes with `-MD`.
//!
//! All of them count, wherever they were found: a header of the package's own may be in a folder of
//! `-isystem`, and another version of the system's headers makes another object.

use std::path::Path;
use std::path::PathBuf;

/// The prerequisites of the rule that are not in one of the `generated` folders.
pub(crate) fn prerequisites(rule: &str, generated: &[&Path]) -> Vec<PathBuf> {
    // clang leaves that out.
    let plain = |folder: &&Path| folder.strip_prefix(".").unwrap_or(folder).to_owned();
    let generated: Vec<PathBuf> = generated.iter().map(plain).collect();
    let is_generated = |path: &PathBuf| generated.iter().any(|folder| path.starts_with(folder));
    let mut paths = all(rule);
    paths.retain(|path| !is_generated(path));
    paths
}

fn all(rule: &str) -> Vec<PathBuf> {
    let Some((_, list)) = rule.split_once(": ") else {
        return Vec::new();
    };
    let mut paths = Vec::new();
    let mut path = String::new();
    let mut chars = list.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            // A line goes on.
            ('\\', Some('\n')) => {
                chars.next();
                push(&mut paths, &mut path);
            }
            ('\\', Some(' ' | '#' | '\\')) => path.extend(chars.next()),
            ('$', Some('$')) => path.extend(chars.next()),
            (c, _) if c.is_whitespace() => push(&mut paths, &mut path),
            (c, _) => path.push(c),
        }
    }
    push(&mut paths, &mut path);
    paths
}

fn push(paths: &mut Vec<PathBuf>, path: &mut String) {
    if !path.is_empty() {
        paths.push(std::mem::take(path).into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_as_clang_writes_them() {
        let rule = "object: src/a.bpf.c src/with\\ space.h \\\n  /abs/b$$.h src/h\\#.h\n";
        let expected: Vec<PathBuf> = ["src/a.bpf.c", "src/with space.h", "/abs/b$.h", "src/h#.h"]
            .map(PathBuf::from)
            .to_vec();
        assert_eq!(prerequisites(rule, &[]), expected);
        assert!(prerequisites("", &[]).is_empty());
    }

    #[test]
    fn without_generated_headers() {
        let rule = "object: a.c out/include/ctx.h /tmp/x/include/ctx.h out/includes/b.h\n";
        let generated = ["./out/include", "/tmp/x/include"].map(Path::new);
        let expected = ["a.c", "out/includes/b.h"].map(PathBuf::from);
        assert_eq!(prerequisites(rule, &generated), expected);
    }
}

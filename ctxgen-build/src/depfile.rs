//! The files that clang read, from the Makefile rule that it writes with `-MMD`.

use std::path::PathBuf;

/// The prerequisites of the rule.
pub(crate) fn prerequisites(rule: &str) -> Vec<PathBuf> {
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
        assert_eq!(prerequisites(rule), expected);
        assert!(prerequisites("").is_empty());
    }
}

//! Paths of sources, as code hosts want them.

use crate::matrix::Matrix;

/// Makes the paths of sources and objects that are in this folder relative to it, and takes `.` and `..` out
/// of all of them where nothing is lost. `folder` is an absolute path.
pub fn relative_to(matrix: &mut Matrix, folder: &str) {
    for object in &mut matrix.objects {
        let file = relative(&object.file, folder);
        // The name is the path and what tells the objects of a file from each other.
        if let Some(rest) = object.name.strip_prefix(&object.file) {
            object.name = format!("{file}{rest}");
        }
        object.file = file;
        let rows = object.programs.iter_mut().flat_map(|it| &mut it.rows);
        for line in rows.filter_map(|row| row.line.as_mut()) {
            line.file = relative(&line.file, folder);
        }
    }
}

fn relative(path: &str, folder: &str) -> String {
    let whole = normal(path);
    let folder = normal(folder);
    let rest = whole.strip_prefix(&folder).filter(|_| folder != "/");
    match rest.and_then(|rest| rest.strip_prefix('/')) {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => whole,
    }
}

/// The path without `.`, and without `..` behind a folder's name.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            // The root is its own parent.
            ".." if path.starts_with('/') => {}
            part => parts.push(part),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    match (root, &parts[..]) {
        ("", []) => ".".to_owned(),
        (root, parts) => format!("{root}{}", parts.join("/")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_folder_are_relative_to_it() {
        for (path, expected) in [
            ("/src/me/a/b.c", "a/b.c"),
            ("/src/me/../me/./b.c", "b.c"),
            ("/src/meat/b.c", "/src/meat/b.c"),
            ("/src/me", "/src/me"),
            ("./a//b.c", "a/b.c"),
            ("a/../../b.c", "../b.c"),
            ("/../b.c", "/b.c"),
            ("", "."),
        ] {
            assert_eq!(relative(path, "/src/me/"), expected, "{path}");
        }
        assert_eq!(relative("/a.c", "/"), "/a.c");
    }
}

//! Rules for make, ninja, CMake and Meson with what a file depends on.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::path::PathBuf;

use crate::output;
use crate::output::Failure;

/// The rule of a target. Each prerequisite is a target of its own too, so that make does without one
/// that is gone.
fn rule(target: &Path, files: &[PathBuf]) -> Vec<u8> {
    let mut text = escaped(target.as_os_str());
    text.push(b':');
    for file in files {
        text.extend_from_slice(b" \\\n ");
        text.extend(escaped(file.as_os_str()));
    }
    text.push(b'\n');
    for file in files {
        text.push(b'\n');
        text.extend(escaped(file.as_os_str()));
        text.extend_from_slice(b":\n");
    }
    text
}

/// Writes the rule of a target to a file.
pub(crate) fn write(path: &Path, target: &Path, files: &[PathBuf]) -> Result<(), Failure> {
    output::write_in_folder(path, &rule(target, files))
}

/// A path as make reads it.
fn escaped(path: &OsStr) -> Vec<u8> {
    let mut text = Vec::new();
    for byte in path.as_bytes() {
        match byte {
            b' ' | b'#' | b'\\' => text.push(b'\\'),
            b'$' => text.push(b'$'),
            _ => {}
        }
        text.push(*byte);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let files = ["a b.c", "x$y#.h"].map(PathBuf::from);
        assert_eq!(
            String::from_utf8(rule(Path::new("include/ctx.h"), &files)).unwrap(),
            "include/ctx.h: \\\n a\\ b.c \\\n x$$y\\#.h\n\na\\ b.c:\n\nx$$y\\#.h:\n"
        );
        assert_eq!(rule(Path::new("o"), &[]), b"o:\n");
    }
}

//! What cargo is told.
//!
//! A directive is one line of text. All of them are written by [`Lines`].

use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::text;

use super::inputs::of_cargo;
use super::steps::Steps;

/// Tells people what a build did, which cargo passes on with `-vv`.
pub(crate) fn tell_steps(steps: &Steps) {
    print(&steps.lines());
}

/// Tells cargo what a build has read, and its warnings.
pub(crate) fn tell<'a>(
    files: impl IntoIterator<Item = &'a PathBuf>,
    env: impl IntoIterator<Item = &'a String>,
    warnings: impl IntoIterator<Item = &'a String>,
) {
    print(&lines(files, env, warnings));
}

/// Tells cargo what the linker gets.
#[cfg(feature = "rust-programs")]
pub(crate) fn tell_linker<'a>(arguments: impl IntoIterator<Item = &'a String>) {
    let mut lines = Lines::default();
    for argument in arguments {
        lines.directive("rustc-link-arg", argument);
    }
    print(&lines.0);
}

/// The one place of this crate that prints.
fn print(text: &str) {
    print!("{text}");
}

/// The lines of a build script's output: the files and variables that a build has read, and its warnings.
fn lines<'a>(
    files: impl IntoIterator<Item = &'a PathBuf>,
    env: impl IntoIterator<Item = &'a String>,
    warnings: impl IntoIterator<Item = &'a String>,
) -> String {
    let mut lines = Lines::default();
    lines.rerun(files, env);
    for warning in warnings {
        lines.warning(warning);
    }
    lines.0
}

/// Directives for cargo.
#[derive(Debug, Default)]
struct Lines(String);

impl Lines {
    fn rerun<'a>(
        &mut self,
        files: impl IntoIterator<Item = &'a PathBuf>,
        env: impl IntoIterator<Item = &'a String>,
    ) {
        for path in files {
            match watchable(path) {
                Some(path) => self.directive("rerun-if-changed", path),
                None => self.warning(&format!(
                    "cargo cannot be told to watch {path:?}: it takes no path with a line break or \
                     with bytes that are no UTF-8. Run `cargo clean` after a change of that file"
                )),
            }
        }
        for name in env {
            self.directive("rerun-if-env-changed", name);
        }
    }

    /// A warning of any text, a directive for each line of it.
    fn warning(&mut self, text: &str) {
        for line in text.lines() {
            self.directive("warning", line);
        }
    }

    fn directive(&mut self, key: &str, value: &str) {
        let _ = write!(self.0, "cargo::{key}=");
        // Cargo prints a warning as it is, and takes what is behind the line's end for another directive.
        for (number, line) in value.split('\n').enumerate() {
            self.0.push_str(if number > 0 { "\\u000a" } else { "" });
            self.0.push_str(&text::terminal(line));
        }
        self.0.push('\n');
    }
}

/// The path as cargo can be told of it: as it is, or relative to the package.
fn watchable(path: &Path) -> Option<&str> {
    let package = of_cargo("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let inside = package.and_then(|package| path.strip_prefix(package).ok());
    let is_fine = |path: &&str| !path.is_empty() && !path.contains(char::is_control);
    let forms = [Some(path), inside].into_iter().flatten();
    forms.filter_map(Path::to_str).find(is_fine)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn a_path_is_no_directive() {
        let paths = ["a b.h", "a\ncargo::rustc-env=EVIL=1\n/k.btf", "a\r.h"].map(PathBuf::from);
        let lines = lines(&paths, [&"CLANG".to_owned()], []);
        for line in lines.lines() {
            let known = [
                "rerun-if-changed=a b.h",
                "rerun-if-env-changed=CLANG",
                "warning=",
            ];
            assert!(
                known
                    .iter()
                    .any(|known| line.starts_with(&format!("cargo::{known}"))),
                "{line}"
            );
        }
        assert_eq!(lines.lines().count(), 4);
    }

    #[test]
    fn bytes_that_are_no_text() {
        let path = PathBuf::from(OsStr::from_bytes(b"/\xff/a.h"));
        assert!(super::lines([&path], [], []).starts_with("cargo::warning="));
    }

    #[test]
    fn a_warning_is_text() {
        let mut lines = Lines::default();
        lines.warning("one\u{1b}[2J\rtwo\n\tthree");
        assert_eq!(
            lines.0,
            "cargo::warning=one\\u001b[2J\\u000dtwo\ncargo::warning=\tthree\n"
        );
    }
}

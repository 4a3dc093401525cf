//! A matrix of objects and kernels, in the forms that people, programs and continuous integration take.
//!
//! Each form is a row of [`FORMATS`], with a file of its own.

mod grid;
mod json;
mod text;
mod wrap;

pub use self::json::JSON_VERSION;

use std::path::Path;

use crate::matrix::Matrix;

/// A form that a matrix is written in.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// What it is called (`--format NAME`).
    pub name: &'static str,
    /// The ends of the names of files in this form, without a point before them: the first is the usual one.
    /// None where no file's name tells.
    pub ends: &'static [&'static str],
    /// What it is for, in a few words.
    pub purpose: &'static str,
    /// Writes it, whole, with a newline at the end. The same matrix gives the same text.
    pub write: fn(&Matrix) -> String,
}

/// All forms.
pub static FORMATS: &[Format] = &[
    Format {
        name: "text",
        ends: &["txt"],
        purpose: "for people, in a terminal",
        write: text::text,
    },
    Format {
        name: "json",
        ends: &["json"],
        purpose: "all of it, for programs",
        write: json::json,
    },
];

impl Format {
    /// The form of that name.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// The form that a file's name tells by its end; the longest end counts (`.sarif.json`).
    pub fn of_file(path: &Path) -> Option<&'static Self> {
        let name = path.file_name()?.to_str()?;
        let is_end = |end: &&&str| {
            name.strip_suffix(**end)
                .is_some_and(|stem| stem.ends_with('.'))
        };
        let len = |format: &Self| format.ends.iter().filter(is_end).map(|end| end.len()).max();
        let told = FORMATS
            .iter()
            .filter_map(|format| Some((len(format)?, format)));
        told.max_by_key(|(len, _)| *len).map(|(_, format)| format)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_the_names_of_files() {
        for (path, name) in [
            ("report.txt", Some("text")),
            ("out/report.json", Some("json")),
            ("report", None),
            ("json", None),
            ("report.docx", None),
            ("", None),
        ] {
            let found = Format::of_file(Path::new(path)).map(|format| format.name);
            assert_eq!(found, name, "{path}");
        }
    }

    #[test]
    fn names_and_ends_are_of_one_form_each() {
        for (at, format) in FORMATS.iter().enumerate() {
            assert_eq!(
                Format::by_name(format.name).map(|of| of.name),
                Some(format.name)
            );
            for other in &FORMATS[at + 1..] {
                assert!(!format.ends.iter().any(|end| other.ends.contains(end)));
            }
        }
    }

    #[test]
    fn nothing_is_something() {
        for format in FORMATS {
            assert!(
                (format.write)(&Matrix::default()).ends_with('\n'),
                "{}",
                format.name
            );
        }
    }
}

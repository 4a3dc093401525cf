//! A matrix of objects and kernels, in the forms that people, programs and continuous integration take.
//!
//! Each form is a row of [`FORMATS`], with a file of its own. Names in objects and BTF are not trusted: no form
//! lets them be more than text. Paths of sources are as the compiler was given them; [`relative_to`] makes
//! those in a folder relative to it, which code hosts need.

mod findings;
mod github;
mod grid;
mod html;
mod json;
mod junit;
mod markdown;
mod paths;
mod rules;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod tests;
mod text;
mod words;
mod wrap;

pub use self::json::JSON_VERSION;
pub use self::paths::relative_to;

use std::path::Path;

use crate::matrix::Matrix;

/// A form that a matrix is written in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
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
    Format {
        name: "sarif",
        ends: &["sarif", "sarif.json"],
        purpose: "SARIF 2.1.0, for code hosts",
        write: sarif::sarif,
    },
    Format {
        name: "junit",
        ends: &["xml"],
        purpose: "JUnit's XML, for lists of tests",
        write: junit::junit,
    },
    Format {
        name: "markdown",
        ends: &["md"],
        purpose: "for the summary of a job",
        write: markdown::markdown,
    },
    Format {
        name: "github",
        ends: &[],
        purpose: "lines of a log that GitHub makes annotations of",
        write: github::github,
    },
    Format {
        name: "html",
        ends: &["html", "htm"],
        purpose: "one page for people, which needs nothing else",
        write: html::html,
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

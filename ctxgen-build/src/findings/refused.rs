//! What verifiers refuse.

use std::fmt;
use std::path::PathBuf;

use ctxgen::text::name;

use crate::display::line_of;
use crate::display::shown;

/// A use of a context that the target kernel's verifier refuses, or that is of another kind of context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Refused {
    /// The source that it is in.
    pub source: PathBuf,
    /// The file and the number of the line, where the object says: the source, or a header of it.
    pub line: Option<(String, u32)>,
    /// The text of that line; may be empty.
    pub text: String,
    /// The program's function.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The function that the program calls and the line is in, where it is another one.
    pub function: Option<String>,
    /// What is the matter.
    pub what: String,
    /// What to write instead; may be empty.
    pub instead: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Some((file, number)) => write!(f, "{}:{number}: ", name(file))?,
            None => write!(f, "{}: ", shown(&self.source))?,
        }
        let (program, section) = (name(&self.program), name(&self.section));
        write!(f, "program {program}, SEC(\"{section}\")")?;
        if let Some(function) = &self.function {
            write!(f, ", in {}()", name(function))?;
        }
        write!(f, ": {}", self.what)?;
        if !self.text.is_empty() {
            write!(f, "\n    {}", line_of(&self.text))?;
        }
        if !self.instead.is_empty() {
            write!(f, "\n{}", self.instead)?;
        }
        Ok(())
    }
}

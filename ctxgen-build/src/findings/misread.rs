//! Arguments that a prototype written by hand gets wrong.

use std::fmt;
use std::path::PathBuf;

use ctxgen::text::name;

use crate::display::line_of;
use crate::display::shown;

/// An argument that a program reads by a prototype that was written by hand (`BPF_PROG`, `BPF_KPROBE` and the
/// like, or a struct of its own), and that a target kernel does not have there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Misread {
    /// The source that the program is in.
    pub source: PathBuf,
    /// The file and the number of the line that reads it first, where the object says.
    pub line: Option<(String, u32)>,
    /// The text of that line; may be empty.
    pub text: String,
    /// The program's function.
    pub program: String,
    /// Its section.
    pub section: String,
    /// What is meant, what the kernel has, and how the two differ.
    pub what: String,
    /// The target kernels of which that is so; empty where there is one target kernel.
    pub kernels: Vec<String>,
}

impl fmt::Display for Misread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.line {
            Some((file, number)) => write!(f, "{}:{number}: ", name(file))?,
            None => write!(f, "{}: ", shown(&self.source))?,
        }
        let (program, section) = (name(&self.program), name(&self.section));
        write!(f, "program {program}, SEC(\"{section}\"): {}", self.what)?;
        if !self.kernels.is_empty() {
            let kernels: Vec<_> = self.kernels.iter().map(|kernel| name(kernel)).collect();
            write!(f, " (on {})", kernels.join(", "))?;
        }
        if !self.text.is_empty() {
            write!(f, "\n    {}", line_of(&self.text))?;
        }
        Ok(())
    }
}

//! Programs that take another context than their section gives them.

use std::fmt;
use std::path::PathBuf;

use ctxgen::text::name;

use crate::display::shown;

/// A program whose context is not that of its SEC name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// Its source; a list of all sources of the object if the object does not tell which one.
    pub source: PathBuf,
    /// The program's function.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The member of `struct_ops` that it is assigned to, as `<ops>.<member>`; `None` for what is none.
    pub implements: Option<String>,
    /// The struct that it takes, or that it reads a `void *` as; for slots, the type of its argument. Empty if
    /// there is no such hook, so that no context would be right.
    pub takes: String,
    /// The struct of its section; `None` if ctxgen does not know it, or if nothing can be attached.
    pub gets: Option<String>,
    /// More information; may be empty.
    pub why: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            source,
            program,
            section,
            implements,
            takes,
            gets,
            why,
        } = self;
        let (program, section, takes) = (name(program), name(section), name(takes));
        write!(
            f,
            "{}: program {program}, SEC(\"{section}\")",
            shown(source)
        )?;
        match implements {
            Some(member) => write!(f, ", is {}; ", name(member))?,
            None => f.write_str(": ")?,
        }
        if takes.is_empty() {
            return f.write_str(why);
        }
        let tag = if ctxgen::is_identifier(&takes) {
            "struct "
        } else {
            ""
        };
        match gets {
            Some(gets) => write!(
                f,
                "its context is declared as {tag}{takes}, and should be struct {gets}"
            )?,
            None => write!(f, "its context cannot be {tag}{takes}")?,
        }
        match why.is_empty() {
            true => Ok(()),
            false => write!(f, ": {why}"),
        }
    }
}

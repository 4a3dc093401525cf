//! Programs that take another context than their section gives them.

use std::fmt;
use std::path::PathBuf;

use ctxgen::text::name;

use crate::display::shown;

/// A program whose context is not what its SEC name gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The source that it is of. Of an object of several sources, that is all of them, as a list, where the
    /// object does not tell which one.
    pub source: PathBuf,
    /// The program's function.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The member of `struct_ops` that it is assigned to, as `<ops>.<member>`; `None` for what is none.
    pub implements: Option<String>,
    /// The struct that it takes, or reads a `void *` as; of slots, the type of its argument. Empty where no
    /// context would be right, since there is no such hook.
    pub takes: String,
    /// The struct that its section gives it; `None` where that is not known to ctxgen, or where
    /// nothing can be attached.
    pub gets: Option<String>,
    /// More about it; may be empty.
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

//! Prototypes of a program's functions, out of its debug information (DWARF 4 and 5).
//!
//! All functions that have code are put into one BTF, with as much of their types as calling conventions
//! and declarations need: of what is behind a pointer, a name at most. Debug information is not trusted:
//! it is read in bounds, in time that grows with its length, and what makes no sense is an error.

mod classes;
mod declared;
mod error;
mod functions;
mod interned;
mod program;
mod registers;
mod sections;
mod types;

use std::path::Path;
use std::path::PathBuf;

pub(crate) use self::error::DwarfError;
use self::functions::Functions;
pub(crate) use self::program::At;
pub(crate) use self::program::Entry;
pub(crate) use self::program::Program;
pub(crate) use self::program::number;
#[cfg(feature = "reads")]
pub(crate) use self::sections::Room;
pub(crate) use self::sections::Sections;
use super::Prototypes;
use super::error::UserError;
use super::file::Elf;
use super::file::Facts;
use crate::btf::ByteOrder;

/// The prototypes in the debug information of the program at `path`, which is in the file `from`.
pub(super) fn prototypes(
    path: &Path,
    from: &Path,
    elf: &Elf<'_>,
    facts: &Facts,
    roots: &[PathBuf],
) -> Result<Prototypes, UserError> {
    let bad = |error: DwarfError| UserError::Dwarf {
        path: path.to_owned(),
        file: from.to_owned(),
        error: error.into(),
    };
    let order = facts.order.unwrap_or(ByteOrder::HOST);
    let supplement = sections::supplement(from, elf, roots).map_err(bad)?;
    let own = Sections::load(elf).map_err(bad)?;
    let program = Program::new(&own, supplement.as_ref().map(|(_, s)| s), order).map_err(bad)?;
    let mut functions = Functions::new(&program, facts, order);
    functions.find().map_err(bad)?;
    let (btf, refused) = functions.finish();
    Ok(Prototypes {
        btf,
        more: supplement.into_iter().map(|(path, _)| path).collect(),
        refused,
    })
}

//! Whether what was opened is what the loader was made for.

use libbpf_rs::OpenObject;

use crate::object::ObjectFile;
use crate::sorted::set;

use super::error::LoadError;

/// The programs of an object: names and sections, sorted.
#[derive(Debug)]
pub(super) struct Programs(Vec<(String, String)>);

impl Programs {
    pub(super) fn of(object: &ObjectFile) -> Self {
        let programs = object.programs().iter();
        // libbpf drops the mark of programs that are not loaded by default.
        let section = |name: &str| name.strip_prefix('?').unwrap_or(name).to_owned();
        let all = programs.map(|program| (program.name.to_string(), section(&program.section)));
        Self(set(all.collect()))
    }

    /// # Errors
    /// [`LoadError::OtherObject`], where the opened object has others.
    pub(super) fn check(&self, opened: &mut OpenObject) -> Result<(), Box<LoadError>> {
        let opened = opened.progs().map(|program| {
            let [name, section] = [program.name(), program.section()];
            let section = section.to_string_lossy();
            let section = section.strip_prefix('?').unwrap_or(&section).to_owned();
            (name.to_string_lossy().into_owned(), section)
        });
        let opened = set(opened.collect());
        if opened == self.0 {
            return Ok(());
        }
        let other = LoadError::OtherObject {
            found: first_of(&opened, &self.0),
            expected: first_of(&self.0, &opened),
        };
        Err(other.into())
    }
}

/// The first that the others do not have.
fn first_of(programs: &[(String, String)], others: &[(String, String)]) -> String {
    let mut programs = programs.iter();
    match programs.find(|program| others.binary_search(program).is_err()) {
        Some((name, section)) => format!("program {name}, SEC(\"{section}\")"),
        None => "no other program".to_owned(),
    }
}

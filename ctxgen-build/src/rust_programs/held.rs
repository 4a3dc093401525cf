//! Programs' attributes, held against the contexts that they name and against the kernels.

use ctxgen::Hook;
use ctxgen::KernelBtf;

use super::source::Program;
use crate::findings::Mismatch;
use crate::stages::check::missing;

/// The programs that name a context which is not that of their hook, or whose hook no kernel has.
pub(super) fn mismatches(kernels: &[KernelBtf], programs: &[Program]) -> Vec<Mismatch> {
    programs
        .iter()
        .flat_map(|program| {
            let mut found: Vec<Mismatch> = program
                .contexts
                .iter()
                .filter_map(|(name, line)| other_context(program, name, *line))
                .collect();
            if !program.sec.hook.is_generic()
                && let Some(why) = missing(kernels, &program.sec)
            {
                found.push(mismatch(program, String::new(), None, why));
            }
            found
        })
        .collect()
}

fn other_context(program: &Program, name: &str, line: usize) -> Option<Mismatch> {
    let sec = &program.sec;
    let gets = sec.hook.struct_name();
    if gets == name || sec.may_take(name) {
        return None;
    }
    // What the registers of another function are, a program that names none may know.
    let of_context = Hook::from_struct_name(name)?;
    let gets = (!sec.hook.is_generic()).then_some(gets);
    let why = match &gets {
        Some(_) => format!("line {line} has that of {of_context}"),
        None => format!("line {line} has that of {of_context}, of another kind of program"),
    };
    Some(mismatch(program, name.to_owned(), gets, why))
}

fn mismatch(program: &Program, takes: String, gets: Option<String>, why: String) -> Mismatch {
    Mismatch {
        source: program.path.clone(),
        program: program.name.clone(),
        section: program.sec.hook.to_string(),
        implements: None,
        takes,
        gets,
        why,
    }
}

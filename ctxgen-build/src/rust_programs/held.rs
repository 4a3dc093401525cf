//! Programs' attributes, held against the contexts that they name and against the kernels.

use ctxgen::Hook;
use ctxgen::KernelBtf;

use super::attributes::Attached;
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
            let sec = program.attached.sec.as_ref();
            if let Some(why) = sec.and_then(|sec| missing(kernels, sec)) {
                found.push(mismatch(program, String::new(), None, why));
            }
            found
        })
        .collect()
}

fn other_context(program: &Program, name: &str, line: usize) -> Option<Mismatch> {
    let Attached { family, sec } = &program.attached;
    let of_context = Hook::from_struct_name(name)?;
    let is_own = match sec {
        Some(sec) => sec.hook.struct_name() == name || sec.may_take(name),
        // Which of their kind is for the loader to say.
        None => of_context
            .sharing_struct()
            .any(|hook| hook.family() == *family),
    };
    if is_own {
        return None;
    }
    let gets = sec.as_ref().map(|sec| sec.hook.struct_name());
    let why = format!("line {line} has that of {of_context}");
    Some(mismatch(program, name.to_owned(), gets, why))
}

fn mismatch(program: &Program, takes: String, gets: Option<String>, why: String) -> Mismatch {
    let Attached { family, sec } = &program.attached;
    Mismatch {
        source: program.path.clone(),
        program: program.name.clone(),
        section: match sec {
            Some(sec) => sec.hook.to_string(),
            None => family.name().to_owned(),
        },
        implements: None,
        takes,
        gets,
        why,
    }
}

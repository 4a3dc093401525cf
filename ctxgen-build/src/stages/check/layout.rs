//! Contexts in an object that are not laid out as a target kernel has them.

use std::path::PathBuf;

use ctxgen::CompareError;
use ctxgen::KernelBtf;
use ctxgen::check::Checked;
use ctxgen::check::Verdict;
use ctxgen::check::check_object;
use ctxgen::drift::Change;
use ctxgen::drift::Place;
use ctxgen::object::Program;
use ctxgen::prototype::SLOT;

use super::refused::Reads;
use crate::display::listed;
use crate::error::Error;
use crate::findings::Mismatch;

/// The programs of a ready-made object whose contexts are those of another kernel: no header of this build was
/// compiled with them. `known` has those that something else is wrong with.
///
/// # Errors
/// [`Error::Object`], where types cannot be compared.
pub(super) fn of_other_kernels(
    kernels: &[KernelBtf],
    sources: &[PathBuf],
    reads: &Reads<'_>,
    known: &[Mismatch],
) -> Result<Vec<Mismatch>, Error> {
    let is_new = |program: &Program| known.iter().all(|known| known.program != program.name);
    let why = |_: &str, changes: &str| {
        format!("the object was built for a kernel whose prototype differs ({changes})")
    };
    differing(kernels, reads, is_new, why).map_err(|error| Error::Object {
        sources: sources.to_owned(),
        reason: error.to_string(),
    })
}

/// A remark for a ready-made object with relocatable contexts, where the builder has fixed ones.
pub(super) fn relocatable(reads: &Reads<'_>, sources: &[PathBuf]) -> Option<String> {
    let is_relocatable = !reads.object().relocated_contexts().is_empty();
    is_relocatable.then(|| {
        format!(
            "{}: its contexts are relocatable, and the bindings here have the fixed layout of one kernel: \
             call Builder::relocatable(true), and load the object with ctxgen::Loader",
            listed(sources)
        )
    })
}

/// Those of these programs whose contexts differ from a kernel's. `why` gets the section and how they differ.
///
/// # Errors
/// [`CompareError`], where types cannot be compared.
pub(super) fn differing(
    kernels: &[KernelBtf],
    reads: &Reads<'_>,
    is_meant: impl Fn(&Program) -> bool,
    why: impl Fn(&str, &str) -> String,
) -> Result<Vec<Mismatch>, CompareError> {
    let object = reads.object();
    let mut mismatches = Vec::new();
    for kernel in kernels {
        let checked = check_object(object, kernel)?;
        for program in object.programs().iter().filter(|program| is_meant(program)) {
            let of_it = |checked: &&Checked| checked.program == program.name;
            let Some(Checked {
                section,
                r#struct: Some(takes),
                verdict: Verdict::Differs(changes) | Verdict::Lacks(changes),
                ..
            }) = checked.iter().find(of_it)
            else {
                continue;
            };
            if !changes.iter().any(|change| is_read(reads, program, change)) {
                continue;
            }
            let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
            mismatches.push(Mismatch {
                source: reads.source_of(&program.name),
                program: program.name.clone(),
                section: section.clone(),
                implements: None,
                takes: takes.clone(),
                gets: None,
                why: why(section, &changes.join("; ")),
            });
        }
    }
    mismatches.sort_by(|a, b| a.program.cmp(&b.program));
    mismatches.dedup_by(|a, b| a.program == b.program);
    Ok(mismatches)
}

/// Whether a program reads what has changed.
fn is_read(reads: &Reads<'_>, program: &Program, change: &Change) -> bool {
    let may_read = |name: &str| reads.may_read(program, name);
    match change {
        Change::Retyped { name, .. } => may_read(name),
        Change::Moved(moves) => moves.iter().any(|moved| may_read(&moved.name)),
        Change::Removed { place, .. } => {
            let offset = match *place {
                Place::Slot(number) => number.saturating_mul(SLOT),
                Place::Byte(offset) => offset,
            };
            let field = program
                .context
                .and_then(|context| reads.object().field_at(context, offset));
            field.is_none_or(|field| may_read(&field.path))
        }
        change => !change.is_harmless(),
    }
}

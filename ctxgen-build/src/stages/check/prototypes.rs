//! Prototypes that were written by hand, held against the target kernels as `ctxgen check` does it.
//!
//! The linked object is what is loaded, so its instructions count. What their author meant is in debug
//! information, which the linker has taken away: it is read from the objects that clang has made.

use std::path::PathBuf;

use ctxgen::KernelBtf;
use ctxgen::labels;
use ctxgen::object::reads::Examined;
use ctxgen::reads::Source;
use ctxgen::reads::SourceLine;
use ctxgen::reads::judge;

use super::packet::altered;
use super::refused::Reads;
use super::refused::Texts;
use super::rules::Rules;
use super::unhooked::is_cut_down;
use crate::error::Error;
use crate::findings::Mismatch;
use crate::findings::Misread;
use crate::findings::Refused;

/// What is found of such prototypes in an object.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) misread: Vec<Misread>,
    /// What no verifier takes.
    pub(super) refused: Vec<Refused>,
    /// Whether the debug information of what it was linked of tells what an author meant.
    pub(super) is_told_by_debug: bool,
}

/// A read that is wrong on a kernel: the program's place, the read, and what is said of it.
struct Wrong {
    program: usize,
    read: Option<usize>,
    line: Option<SourceLine>,
    what: String,
    kernels: Vec<String>,
}

/// What is read otherwise than a kernel has it, but for the programs that `known` names. `bytes` is the object,
/// and `compiled` what it was linked of.
///
/// # Errors
/// [`Error::Object`], where one cannot be read.
pub(super) fn misread(
    rules: Rules<'_>,
    reads: &Reads<'_>,
    sources: &[PathBuf],
    (bytes, compiled): (&[u8], &[Vec<u8>]),
    known: &[Mismatch],
) -> Result<Found, Error> {
    let object = reads.object();
    let programs = object.programs();
    let is_by_hand = |place: usize| {
        let context = programs[place].context;
        context.is_none_or(|id| object.context_hook(id).is_none())
    };
    if !(0..programs.len()).any(is_by_hand) {
        return Ok(Found::default());
    }
    let compiled: Vec<&[u8]> = compiled.iter().map(Vec::as_slice).collect();
    let prefixes = sources
        .iter()
        .flat_map(|source| rules.options.prefixes(source));
    let mut texts = Texts::new(sources, rules.options.root, prefixes.collect());
    let examined = Examined::parse_linked(bytes, &compiled, |line| texts.fill_in(line));
    let examined = examined.map_err(|error| Error::Object {
        sources: sources.to_owned(),
        reason: error.to_string(),
    })?;
    let is_known = |place: usize| {
        let mut known = known.iter();
        known.any(|known| known.program == programs[place].name)
    };
    let mut wrong = of_kernels(rules.kernels, &examined);
    wrong.retain(|wrong| is_by_hand(wrong.program) && !is_known(wrong.program));
    wrong.sort_by_key(|wrong| (wrong.program, wrong.read));
    let misread = wrong.into_iter().map(|wrong| {
        let program = &programs[wrong.program];
        let line = wrong.line;
        Misread {
            source: reads.source_of(&program.name),
            text: line
                .as_ref()
                .map_or_else(String::new, |line| line.text.clone()),
            line: line.map(|line| (line.file, line.number)),
            program: program.name.clone(),
            section: program.section.to_string(),
            what: wrong.what,
            kernels: wrong.kernels,
        }
    });
    Ok(Found {
        misread: misread.collect(),
        refused: altered(reads, &examined),
        is_told_by_debug: examined
            .programs()
            .iter()
            .any(|program| program.meant.source == Source::Debug),
    })
}

/// The reads that are wrong on these kernels. What is said of several is there once.
fn of_kernels(kernels: &[KernelBtf], examined: &Examined) -> Vec<Wrong> {
    let mut all: Vec<Wrong> = Vec::new();
    let labels = labels(kernels);
    for (kernel, label) in kernels.iter().zip(&labels) {
        // Types that it lacks are not ones that the kernel lacks.
        if is_cut_down(kernel) {
            continue;
        }
        for (program, judged) in judge(examined, kernel, None).into_iter().enumerate() {
            let reads = judged.reads.into_iter();
            for mut read in reads.filter(|read| read.verdict.is_wrong()) {
                let line = read.line.take();
                let what = read.to_string();
                let read = read.read;
                let is_same = |wrong: &&mut Wrong| {
                    (wrong.program, wrong.read, &wrong.what) == (program, read, &what)
                };
                match all.iter_mut().find(is_same) {
                    Some(wrong) => wrong.kernels.push(label.clone()),
                    None => all.push(Wrong {
                        program,
                        read,
                        line,
                        what,
                        kernels: vec![label.clone()],
                    }),
                }
            }
        }
    }
    if kernels.len() == 1 {
        all.iter_mut().for_each(|wrong| wrong.kernels.clear());
    }
    all
}

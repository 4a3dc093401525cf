//! Holds the SEC name of each program against the type of its context.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::check::Checked;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen::essential_name;
use ctxgen::object::ObjectFile;
use ctxgen::object::Program;
use libbpf_rs::ObjectBuilder;

use crate::error::Error;
use crate::said;

/// A program whose context is not what its SEC name gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// The source that it is of.
    pub source: PathBuf,
    /// The program's function.
    pub program: String,
    /// Its section.
    pub section: String,
    /// The struct that it takes.
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
            takes,
            gets,
            why,
        } = self;
        write!(
            f,
            "{}: program {program}, SEC(\"{section}\"): ",
            source.display()
        )?;
        match gets {
            Some(gets) => write!(
                f,
                "its context is declared as struct {takes}, and should be struct {gets}"
            )?,
            None => write!(f, "its context cannot be struct {takes}")?,
        }
        match why.is_empty() {
            true => Ok(()),
            false => write!(f, ": {why}"),
        }
    }
}

/// Structs of the kernel's own that programs of a family may take instead of ctxgen's.
const ALSO: [(&str, &str); 1] = [("raw_tp", "bpf_raw_tracepoint_args")];

/// All mismatches in the object of a source.
///
/// # Errors
/// [`Error::Object`], where it cannot be read.
pub(crate) fn mismatches(
    kernels: &[KernelBtf],
    source: &Path,
    bytes: &[u8],
) -> Result<Vec<Mismatch>, Error> {
    let unreadable = |reason: String| Error::Object {
        source_file: source.to_owned(),
        reason,
    };
    let object = ObjectFile::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    if object.programs().is_empty() {
        // clang writes no types for a source that defines nothing, and libbpf opens nothing else.
        return Ok(Vec::new());
    }
    let (opened, said) = said::listen(|| ObjectBuilder::default().open_memory(bytes));
    opened.map_err(|error| unreadable(format!("{error:#}\n{said}")))?;

    let mut mismatches: Vec<Mismatch> = object
        .programs()
        .iter()
        .filter_map(|program| mismatch(kernels, &object, source, program))
        .collect();
    if mismatches.is_empty() && object.programs().iter().any(names_module) {
        let others = of_namesakes(kernels, &object, source, bytes);
        mismatches.extend(others.map_err(|error| unreadable(error.to_string()))?);
    }
    mismatches.sort_by(|a, b| a.program.cmp(&b.program));
    Ok(mismatches)
}

fn mismatch(
    kernels: &[KernelBtf],
    object: &ObjectFile,
    source: &Path,
    program: &Program,
) -> Option<Mismatch> {
    let context = program.context?;
    let takes = match object.context_hook(context) {
        Some(hook) => hook.struct_name(),
        None => essential_name(object.btf().get(context)?.name()).to_owned(),
    };
    let of = |gets: Option<String>, why: String| {
        Some(Mismatch {
            source: source.to_owned(),
            program: program.name.clone(),
            section: program.section.to_string(),
            takes: takes.clone(),
            gets,
            why,
        })
    };
    let hook = match SecName::parse(&program.section) {
        Ok(sec) => sec.hook,
        // What the program is attached to is said at run time; the family is known.
        Err(ctxgen::Error::NoTarget { section, .. }) if is_of_family(&takes, section) => {
            return None;
        }
        // A section that ctxgen has no context for is none of its business, unless the program
        // takes a context of ctxgen's all the same.
        Err(error) => {
            return match Hook::from_struct_name(&takes) {
                Some(_) => of(None, error.to_string()),
                None => None,
            };
        }
    };
    let also = (hook.family().name(), takes.as_str());
    if ALSO.contains(&also) {
        return None;
    }
    if takes != hook.struct_name() {
        return of(Some(hook.struct_name()), String::new());
    }
    // An unknown hook was reported with the source that names its struct; what the kernel's own header
    // lacks, clang has. A hook that one of several kernels supports is worth having.
    // But a hook in a module may be unknown where the struct is that of a namesake.
    let in_module = hook.module().is_some();
    let mut refusals = kernels
        .iter()
        .map(|kernel| match Context::of_hook_alone(kernel, &hook) {
            Err(error @ ctxgen::Error::Unsupported { .. }) => Some(error.to_string()),
            Err(error) if in_module => Some(error.to_string()),
            Ok(_) | Err(_) => None,
        });
    let refused = refusals.next().flatten()?;
    refusals
        .all(|other| other.is_some())
        .then(|| of(None, refused))
        .flatten()
}

/// Whether a program's section says in which module its hook is.
fn names_module(program: &Program) -> bool {
    SecName::parse(&program.section).is_ok_and(|sec| sec.hook.module().is_some())
}

/// Programs on a module's function that take the context of another one of its name: a struct's name
/// does not tell them apart.
fn of_namesakes(
    kernels: &[KernelBtf],
    object: &ObjectFile,
    source: &Path,
    bytes: &[u8],
) -> Result<Vec<Mismatch>, ctxgen::Error> {
    let mut mismatches = Vec::new();
    for kernel in kernels {
        let checked = check(bytes, kernel)?;
        let named = object
            .programs()
            .iter()
            .filter(|program| names_module(program));
        for program in named {
            let of_it = |checked: &&Checked| checked.program == program.name;
            let Some(Checked {
                section,
                r#struct: Some(takes),
                verdict: Verdict::Differs(changes),
                ..
            }) = checked.iter().find(of_it)
            else {
                continue;
            };
            let changes: Vec<_> = changes.iter().map(ToString::to_string).collect();
            let plain = section.trim_start_matches('?');
            mismatches.push(Mismatch {
                source: source.to_owned(),
                program: program.name.clone(),
                section: section.clone(),
                takes: takes.clone(),
                gets: None,
                why: format!(
                    "the header has the context of another function of that name, and the module's \
                     differs ({}). Builder::hook({plain:?}) makes the header have the module's",
                    changes.join("; ")
                ),
            });
        }
    }
    mismatches.dedup_by(|a, b| a.program == b.program);
    Ok(mismatches)
}

/// Whether programs of a section prefix get a struct of that name, whatever they attach to.
fn is_of_family(struct_name: &str, section: &str) -> bool {
    let sections = |hook: Hook| hook.family().sections().contains(&section);
    Hook::from_struct_name(struct_name).is_some_and(|hook| hook.sharing_struct().any(sections))
}

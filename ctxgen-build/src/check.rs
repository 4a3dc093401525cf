//! Holds the SEC name of each program against the type of its context.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::SecName;
use ctxgen::btf::Btf;
use ctxgen::btf::Kind;
use ctxgen::btf::Type;
use libbpf_rs::ObjectBuilder;
use object::Object as _;
use object::ObjectSection as _;

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
    kernel: &KernelBtf,
    source: &Path,
    bytes: &[u8],
) -> Result<Vec<Mismatch>, Error> {
    let unreadable = |reason: String| Error::Object {
        source_file: source.to_owned(),
        reason,
    };
    let elf = object::File::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    let Some(section) = elf.section_by_name(".BTF") else {
        // clang writes none for a source that defines nothing; libbpf links no other without one.
        return Ok(Vec::new());
    };
    let (object, said) = said::listen(|| ObjectBuilder::default().open_memory(bytes));
    let object = object.map_err(|error| unreadable(format!("{error:#}\n{said}")))?;
    let section = section
        .data()
        .map_err(|error| unreadable(error.to_string()))?;
    let btf = Btf::parse(section).map_err(|error| unreadable(error.to_string()))?;

    let mut mismatches = Vec::new();
    for program in object.progs() {
        let name = program.name().to_string_lossy();
        let section = program.section().to_string_lossy();
        mismatches.extend(mismatch(kernel, &btf, source, &name, &section));
    }
    mismatches.sort_by(|a, b| a.program.cmp(&b.program));
    Ok(mismatches)
}

fn mismatch(
    kernel: &KernelBtf,
    btf: &Btf<'_>,
    source: &Path,
    program: &str,
    section: &str,
) -> Option<Mismatch> {
    let takes = context_struct(btf, program)?;
    let of = |gets: Option<String>, why: String| {
        Some(Mismatch {
            source: source.to_owned(),
            program: program.to_owned(),
            section: section.to_owned(),
            takes: takes.clone(),
            gets,
            why,
        })
    };
    let hook = match SecName::parse(section) {
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
    match Context::of_hook_alone(kernel, &hook) {
        Err(error @ ctxgen::Error::Unsupported { .. }) => of(None, error.to_string()),
        // An unknown hook was reported with the source that names its struct; what the kernel's
        // own header lacks, clang has.
        Ok(_) | Err(_) => None,
    }
}

/// Whether programs of a section prefix get a struct of that name, whatever they attach to.
fn is_of_family(struct_name: &str, section: &str) -> bool {
    let sections = |hook: Hook| hook.family().sections().contains(&section);
    Hook::from_struct_name(struct_name).is_some_and(|hook| hook.sharing_struct().any(sections))
}

/// The struct that a program's first argument points to. `None` for what claims nothing about the
/// context: no argument, `void *`, an array of slots.
fn context_struct(btf: &Btf<'_>, program: &str) -> Option<String> {
    let func = |ty: &Type<'_>| matches!(ty.kind(), Kind::Func(_)) && ty.name() == program;
    let Kind::Func(proto) = btf.types().find(func)?.kind() else {
        return None;
    };
    let param = btf.get(proto)?.params().next()?;
    let Kind::Ptr(to) = btf.resolve(param.type_id)?.kind() else {
        return None;
    };
    let pointee = btf.resolve(to)?;
    match pointee.kind() {
        Kind::Struct(_) | Kind::Union(_) | Kind::Fwd { .. } if !pointee.name().is_empty() => {
            Some(essential(pointee.name()).to_owned())
        }
        _ => None,
    }
}

/// A type's name without its flavor, as CO-RE sees it: `task_struct___old` is `task_struct`.
fn essential(name: &str) -> &str {
    match name.split_once("___") {
        Some((essential, _)) if !essential.is_empty() => essential,
        _ => name,
    }
}

//! Holds the SEC name of each program against the type of its context.

use std::fmt;
use std::path::Path;

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

/// A program whose context is not what its SEC name gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
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
            program,
            section,
            takes,
            gets,
            why,
        } = self;
        write!(f, "program {program}, SEC(\"{section}\"): ")?;
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

/// All mismatches in an object.
///
/// # Errors
/// [`Error::Object`], where it cannot be read.
pub(crate) fn mismatches(
    kernel: &KernelBtf,
    path: &Path,
    bytes: &[u8],
) -> Result<Vec<Mismatch>, Error> {
    let unreadable = |reason: String| Error::Object {
        object: path.to_owned(),
        reason,
    };
    let elf = object::File::parse(bytes).map_err(|error| unreadable(error.to_string()))?;
    let Some(section) = elf.section_by_name(".BTF") else {
        return Err(unreadable("it has no BTF: was -g0 given?".to_owned()));
    };
    let section = section
        .data()
        .map_err(|error| unreadable(error.to_string()))?;
    let btf = Btf::parse(section).map_err(|error| unreadable(error.to_string()))?;
    let object = ObjectBuilder::default()
        .open_memory(bytes)
        .map_err(|error| unreadable(format!("{error:#}")))?;

    let mut mismatches = Vec::new();
    for program in object.progs() {
        let name = program.name().to_string_lossy();
        let section = program.section().to_string_lossy();
        mismatches.extend(mismatch(kernel, &btf, &name, &section));
    }
    mismatches.sort_by(|a, b| a.program.cmp(&b.program));
    Ok(mismatches)
}

fn mismatch(kernel: &KernelBtf, btf: &Btf<'_>, program: &str, section: &str) -> Option<Mismatch> {
    let takes = context_struct(btf, program)?;
    let of = |gets: Option<String>, why: String| {
        Some(Mismatch {
            program: program.to_owned(),
            section: section.to_owned(),
            takes: takes.clone(),
            gets,
            why,
        })
    };
    let hook = match SecName::parse(section) {
        Ok(sec) => sec.hook,
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

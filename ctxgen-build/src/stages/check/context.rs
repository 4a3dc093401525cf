//! Holds the SEC name of each program against the type of its context.

use std::collections::BTreeSet;
use std::path::PathBuf;

use ctxgen::CompareError;
use ctxgen::Context;
use ctxgen::Generic;
use ctxgen::Hook;
use ctxgen::HookError;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::Prototypes;
use ctxgen::SecName;
use ctxgen::btf::TypeId;
use ctxgen::essential_name;
use ctxgen::object;
use ctxgen::object::ObjectFile;
use ctxgen::object::Program;
use ctxgen::object::RelocationKind;
use ctxgen::text::name;
use libbpf_rs::ObjectBuilder;

use super::layout::differing;
use super::refused::Foreign;
use super::refused::Reads;
use super::section::missing;
use crate::error::Error;
use crate::error::advised;
use crate::findings::Mismatch;
use crate::libbpf_log;

/// The object of these sources.
///
/// # Errors
/// [`Error::Object`], where it cannot be read.
pub(crate) fn read(sources: &[PathBuf], bytes: &[u8]) -> Result<ObjectFile, Error> {
    ObjectFile::parse(bytes).map_err(|error| unreadable(sources, error.to_string()))
}

fn unreadable(sources: &[PathBuf], reason: String) -> Error {
    let sources = sources.to_owned();
    Error::Object { sources, reason }
}

/// All mismatches in the object of these sources, which was read from these bytes.
///
/// # Errors
/// [`Error::Object`], where libbpf cannot open it.
pub(crate) fn mismatches(
    kernels: &[KernelBtf],
    sources: &[PathBuf],
    reads: &Reads<'_>,
    bytes: &[u8],
) -> Result<Vec<Mismatch>, Error> {
    let unreadable = |reason| unreadable(sources, reason);
    let object = reads.object();
    if object.programs().is_empty() {
        // clang writes no types for a source that defines nothing, and libbpf opens nothing else.
        return Ok(Vec::new());
    }
    let (opened, said) = libbpf_log::listen(|| ObjectBuilder::default().open_memory(bytes));
    opened.map_err(|error| {
        let said = match said.is_empty() {
            true => {
                libbpf_log::listen_closely(|| ObjectBuilder::default().open_memory(bytes).err())
            }
            false => said,
        };
        unreadable(format!("{error:#}. libbpf said:\n{said}"))
    })?;

    let mut mismatches: Vec<Mismatch> = object
        .programs()
        .iter()
        // What matters of those is what is read.
        .filter(|program| Foreign::of(object, reads.functions(), program).is_none())
        .filter_map(|program| mismatch(kernels, reads, program))
        .collect();
    if mismatches.is_empty() && object.programs().iter().any(names_module) {
        let others = of_namesakes(kernels, reads);
        mismatches.extend(others.map_err(|error| unreadable(error.to_string()))?);
    }
    mismatches.sort_by(|a, b| a.program.cmp(&b.program));
    Ok(mismatches)
}

/// A remark for programs that libbpf alone cannot load: those whose accesses to a context with a fixed
/// layout are relocated, since they stand within a macro such as `BPF_CORE_READ`, which has all of its
/// expression relocated. No kernel's BTF has the struct.
pub(crate) fn relocated(reads: &Reads<'_>) -> Option<String> {
    let object = reads.object();
    let contexts = object.relocated_contexts();
    // User-defined flavours are deliberate; skip them.
    let is_generated = |id: &TypeId| {
        let ty = object.btf().get(*id);
        ty.is_some_and(|ty| essential_name(ty.name()) == ty.name())
    };
    let of_context = object
        .relocations()
        .iter()
        .filter(|relocation| relocation.kind == RelocationKind::FieldByteOffset)
        .filter(|relocation| contexts.contains(&relocation.type_id))
        .filter(|relocation| is_generated(&relocation.type_id));
    let programs: BTreeSet<&str> = of_context
        .filter_map(|relocation| object.program_of(relocation))
        .map(|program| program.name.as_str())
        .collect();
    if programs.is_empty() {
        return None;
    }
    let names: Vec<_> = programs.iter().map(|program| name(program)).collect();
    Some(format!(
        "{}: {} has an access to its context within a macro that has it relocated, as in \
         BPF_CORE_READ(ctx->file, f_flags): libbpf alone cannot load that. Copy the argument to a \
         variable before, and read from that; or load the object with ctxgen::Loader",
        reads.sources_of(programs.iter().copied()),
        names.join(", ")
    ))
}

/// A remark for an object that the kernel will not load under its license.
///
/// # Errors
/// [`Error::Object`], where it cannot be read.
pub(crate) fn unlicensed(
    sources: &[PathBuf],
    reads: &Reads<'_>,
    bytes: &[u8],
) -> Result<Option<String>, Error> {
    let found = object::unlicensed(bytes);
    let found = found.map_err(|error| unreadable(sources, error.to_string()))?;
    Ok(found.map(|found| format!("{}: {found}", reads.sources_of([&*found.function]))))
}

fn mismatch(kernels: &[KernelBtf], reads: &Reads<'_>, program: &Program) -> Option<Mismatch> {
    let object = reads.object();
    let context = program.context?;
    let takes = match object.context_hook(context) {
        Some(hook) => hook.struct_name(),
        None => essential_name(object.btf().get(context)?.name()).to_owned(),
    };
    // What a program is assigned to counts, whatever its section says: libbpf does not look at that.
    let is_other = |hook: &&Hook| hook.struct_name() != takes;
    let assigned = &program.implements;
    let assigned = assigned.iter().find(is_other).or(assigned.first());
    let of = |gets: Option<String>, why: String| {
        Some(Mismatch {
            source: reads.source_of(&program.name),
            program: program.name.clone(),
            section: program.section.to_string(),
            implements: assigned.map(|hook| hook.target().replace('/', ".")),
            takes: takes.clone(),
            gets,
            why,
        })
    };
    let of_section = match assigned {
        Some(hook) => Ok(SecName::of_hook(hook)),
        None => SecName::parse(&program.section),
    };
    let sec = match of_section {
        // Its section may say any name, and it is assigned to nothing here.
        Ok(sec) if sec.hook.is_generic() && is_struct_ops(&sec.hook) => {
            return match Hook::from_struct_name(&takes) {
                Some(other) if !is_struct_ops(&other) => of(None, NOT_A_MEMBER.to_owned()),
                _ => None,
            };
        }
        Ok(sec) => sec,
        // What the program is attached to is said at run time; the family is known.
        Err(HookError::NoTarget { section, .. }) if is_of_family(&takes, section) => {
            return None;
        }
        // libbpf does not know it either: a loader of the user's own may.
        Err(HookError::UnknownFamily { .. }) => return None,
        // A section that ctxgen has no context for is none of its business, unless the program
        // takes a context of ctxgen's all the same.
        Err(error) => {
            return match Hook::from_struct_name(&takes) {
                Some(_) => of(None, error.to_string()),
                None => None,
            };
        }
    };
    let hook = &sec.hook;
    let may_read = |field: &str| reads.may_read(program, field);
    let mut unshared = kernels.iter();
    let unshared = unshared.find_map(|kernel| ctxgen::unshared(kernel, &sec, &takes, may_read));
    if let Some(why) = unshared {
        return of(None, why);
    }
    if takes != hook.struct_name() {
        if sec.may_take(&takes) {
            return None;
        }
        return match missing(kernels, &sec) {
            Some(error) => of(None, error),
            None => of(
                Some(hook.struct_name()).filter(|name| !name.is_empty()),
                said_of(&sec),
            ),
        };
    }
    // An unknown hook was reported with the source that names its struct; what the kernel's own header
    // lacks, clang has. A hook that one of several kernels supports is worth having.
    // But a hook in a module may be unknown where the struct is that of a namesake.
    let in_module = hook.module().is_some();
    let mut refusals = kernels
        .iter()
        .map(|kernel| match Context::of_hook_alone(kernel, hook) {
            Err(error @ PrototypeError::Unsupported { .. }) => Some(error.to_string()),
            Err(error) if in_module => Some(advised(&error.into())),
            Ok(_) | Err(_) => None,
        });
    let refused = refusals.next().flatten()?;
    refusals
        .all(|other| other.is_some())
        .then(|| of(None, refused))
        .flatten()
}

/// What a program gets that gets no struct.
fn said_of(sec: &SecName) -> String {
    match sec.hook.family().generic() {
        Generic::Other(pointee, what) => format!("it gets a pointer to {pointee}, which is {what}"),
        Generic::Unknown if sec.hook.is_pattern() => {
            "of the functions that its pattern matches, each has arguments of its own: it gets their slots, \
             `unsigned long long *ctx`"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// Why a `struct_ops` program cannot take another family's context.
const NOT_A_MEMBER: &str = "a struct_ops program takes that of the member that it implements, \
                            struct btf_struct_ops_<ops>_<member>_ctx";

fn is_struct_ops(hook: &Hook) -> bool {
    hook.family().prototypes() == Prototypes::StructOps
}

/// Whether a program's section says in which module its hook is.
fn names_module(program: &Program) -> bool {
    SecName::parse(&program.section).is_ok_and(|sec| sec.hook.module().is_some())
}

/// Programs on a module's function that take the context of another one of its name: a struct's name
/// does not tell them apart.
fn of_namesakes(kernels: &[KernelBtf], reads: &Reads<'_>) -> Result<Vec<Mismatch>, CompareError> {
    differing(kernels, reads, names_module, |section, changes| {
        let plain = section.trim_start_matches('?');
        format!(
            "the header has the context of another function of that name, and the module's differs \
             ({changes}). Builder::hook({plain:?}) makes the header have the module's"
        )
    })
}

/// Whether programs of a section prefix get a struct of that name, whatever they attach to.
fn is_of_family(struct_name: &str, section: &str) -> bool {
    let sections = |hook: Hook| hook.family().sections().contains(&section);
    Hook::from_struct_name(struct_name).is_some_and(|hook| hook.sharing_struct().any(sections))
}

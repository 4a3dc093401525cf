//! Sections that say nothing to libbpf, and hooks that no kernel has.

use ctxgen::Context;
use ctxgen::Generic;
use ctxgen::Hook;
use ctxgen::HookError;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen::Prototypes;
use ctxgen::SecName;
use ctxgen::essential_name;
use ctxgen::object::Program;
use ctxgen::text::name;

use super::refused::Reads;
use crate::display::shown;
use crate::error::advised;

/// Remarks for programs whose section libbpf does not know, and whose context cannot be held against
/// it: a loader of the user's own says what they are. `own` are the sections that are known to be so.
pub(crate) fn unknown_sections(reads: &Reads<'_>, own: &[String]) -> Vec<String> {
    let object = reads.object();
    let is_own = |section: &str| {
        let name = section.trim_start_matches('?');
        own.iter().any(|own| {
            let rest = name.strip_prefix(own.trim_start_matches('?'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let remark = |program: &Program| {
        if !program.implements.is_empty() || is_own(&program.section) {
            return None;
        }
        let parsed = SecName::parse(&program.section);
        if !matches!(parsed, Err(HookError::UnknownFamily { .. })) {
            return None;
        }
        let context = object.btf().get(program.context?)?;
        let takes = essential_name(context.name());
        Hook::from_struct_name(takes)?;
        let section = &*program.section;
        let similar = match &SecName::nearest_sections(section)[..] {
            [] => String::new(),
            similar => format!(" (similar: {})", similar.join(", ")),
        };
        Some(format!(
            "{}: program {}, SEC({section:?}): libbpf knows no such section{similar}. Its context, struct \
             {takes}, is not checked, and its loader has to set the program's type: \
             Builder::own_section({:?}) says that it does",
            shown(&reads.source_of(&program.name)),
            name(&program.name),
            section.trim_start_matches('?')
        ))
    };
    object.programs().iter().filter_map(remark).collect()
}

/// Why nothing can be attached under a SEC name, where none of the kernels has such a hook, with the
/// nearest that there are.
///
/// A pinned BTF has no more hooks than its sources named, which tells nothing of the kernel.
pub(crate) fn missing(kernels: &[KernelBtf], sec: &SecName) -> Option<String> {
    let mut first = None;
    for kernel in kernels {
        if kernel.pin_note().is_some() {
            return None;
        }
        match Context::of_hook_alone(kernel, &sec.hook) {
            Err(error @ PrototypeError::UnknownHook { .. }) => {
                first.get_or_insert(error);
            }
            Ok(_) | Err(_) => return None,
        }
    }
    let error = advised(&first?.into());
    Some(format!("{error}{}", at_run_time(sec)))
}

/// How to name no hook in a section.
pub(super) fn at_run_time(sec: &SecName) -> String {
    let family = sec.hook.family();
    let takes_none = matches!(family.generic(), Generic::Unknown | Generic::Registers)
        && family.prototypes() != Prototypes::StructOps;
    match takes_none {
        true => format!(
            ". If what it is attached to is said at run time, its section is SEC(\"{}\")",
            sec.section
        ),
        false => String::new(),
    }
}

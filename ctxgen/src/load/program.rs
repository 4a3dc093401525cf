//! Which programs of an object can be attached to this kernel.

use crate::Context;
use crate::Error;
use crate::SecName;
use crate::hook::Hook;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Program;

/// A program that cannot be attached, since the kernel lacks its hook.
#[derive(Debug)]
#[non_exhaustive]
pub struct AbsentHook {
    /// The program's function.
    pub program: String,
    /// Its SEC name.
    pub section: String,
    /// Why it cannot be attached: that the hook is unknown, or why there are no programs for it.
    pub why: Error,
}

/// The hook of a program whose BTF tells whether there is one. The kernel needs none to attach to a
/// raw tracepoint, and what takes no context of ctxgen's is left alone there.
fn hook(object: &ObjectFile, program: &Program) -> Option<Hook> {
    let hook = SecName::parse(&program.section).ok()?.hook;
    let needs_btf = match hook.family().prototypes() {
        Prototypes::Tracepoint { typedef: false } => takes_context(object, program),
        _ => true,
    };
    needs_btf.then_some(hook)
}

/// Whether a program's argument is a context of ctxgen's.
fn takes_context(object: &ObjectFile, program: &Program) -> bool {
    let context = program.context.and_then(|id| object.context_hook(id));
    context.is_some()
}

/// Whether an object has anything that a kernel's BTF is needed for here.
pub(super) fn needs_kernel(object: &ObjectFile) -> bool {
    let mut programs = object.programs().iter();
    !object.relocated_contexts().is_empty()
        || programs.any(|program| hook(object, program).is_some())
}

/// The programs whose hooks this kernel lacks.
pub(super) fn absent(object: &ObjectFile, kernel: &KernelBtf) -> Vec<AbsentHook> {
    let why = |program: &Program| {
        let why = Context::find_hook(kernel, &hook(object, program)?).err()?;
        // What ctxgen cannot make a context for, the kernel may attach to all the same.
        let is_unknown = matches!(why, Error::UnknownHook { .. } | Error::UnknownModule { .. });
        (is_unknown || takes_context(object, program)).then_some(why)
    };
    object
        .programs()
        .iter()
        .filter_map(|program| {
            Some(AbsentHook {
                why: why(program)?,
                program: program.name.clone(),
                section: program.section.to_string(),
            })
        })
        .collect()
}

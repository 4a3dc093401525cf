//! Which programs of an object can be attached to this kernel.

use crate::Context;
use crate::SecName;
use crate::hook::Hook;
use crate::hook::Passing;
use crate::hook::Prototypes;
use crate::kernel::KernelBtf;
use crate::object::ObjectFile;
use crate::object::Program;
use crate::prototype::PrototypeError;

/// A program that cannot be attached, since the kernel lacks its hook.
#[derive(Debug)]
#[non_exhaustive]
pub struct AbsentHook {
    /// The program's function.
    pub program: String,
    /// Its SEC name.
    pub section: String,
    /// Why it cannot be attached: that the hook is unknown, or why there are no programs for it.
    pub why: PrototypeError,
}

/// The hooks of a program whose BTF tells whether there are such. The kernel needs none to attach to a
/// raw tracepoint, to an event or with a breakpoint, and libbpf knows by itself which members of `struct_ops`
/// there are: what takes no context of ctxgen's is left alone there.
fn hooks(object: &ObjectFile, program: &Program) -> Vec<Hook> {
    let mut hooks = program.hooks();
    if hooks.is_empty() && is_struct_ops(program) {
        // In no variable of an ops type: the struct alone tells which member it is.
        hooks.extend(program.context.and_then(|id| object.context_hook(id)));
    }
    hooks.retain(|hook| {
        let needs_btf = match hook.family().prototypes() {
            Prototypes::Tracepoint { typedef: true } | Prototypes::Lsm | Prototypes::Iterator => {
                true
            }
            Prototypes::Function if hook.family().passing() == Passing::Slots => true,
            _ => takes_context(object, program),
        };
        needs_btf && !hook.is_generic()
    });
    hooks
}

fn is_struct_ops(program: &Program) -> bool {
    let sec = SecName::parse(&program.section);
    sec.is_ok_and(|sec| sec.hook.family().prototypes() == Prototypes::StructOps)
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
        || programs.any(|program| !hooks(object, program).is_empty())
}

/// The programs whose hooks this kernel lacks.
pub(super) fn absent(object: &ObjectFile, kernel: &KernelBtf) -> Vec<AbsentHook> {
    let why = |program: &Program| {
        let mut hooks = hooks(object, program).into_iter();
        let why = hooks.find_map(|hook| Context::find_hook(kernel, &hook).err())?;
        // What ctxgen cannot make a context for, the kernel may attach to all the same.
        let is_unknown = matches!(
            why,
            PrototypeError::UnknownHook { .. } | PrototypeError::UnknownModule { .. }
        );
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

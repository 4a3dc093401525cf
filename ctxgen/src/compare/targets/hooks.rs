//! Whose a relocated context is: the hooks of the programs that take it.

use crate::Context;
use crate::Shape;
use crate::btf::compat::Agreement;
use crate::btf::compat::agreement;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::object::ObjectFile;
use crate::prototype::PrototypeError;
use crate::sorted::set;

use super::error::TargetError;

/// A struct's hook, and what the kernel has there.
///
/// The struct's name does not say which module a hook is in, and the sections of the programs that take
/// it may.
pub(super) fn on_kernel(
    object: &ObjectFile,
    kernel: &KernelBtf,
    hook: Hook,
) -> Result<(Hook, Result<Context, PrototypeError>), TargetError> {
    let hooks = hooks_taking(object, &hook)?;
    let mut found: Option<(Hook, Context)> = None;
    let mut absent = None;
    for of_section in hooks {
        let context = match Context::find_struct(kernel, &of_section) {
            Ok(context) => context,
            Err(error) => {
                absent.get_or_insert((of_section, error));
                continue;
            }
        };
        match &found {
            None => found = Some((of_section, context)),
            Some((one, known)) if !is_same(kernel, known, &context) => {
                let one_struct = TargetError::OneStruct {
                    context: hook.struct_name(),
                    one: one.to_string(),
                    other: of_section.to_string(),
                    origin: kernel.origin().clone(),
                };
                return Err(one_struct);
            }
            Some(_) => {}
        }
    }
    Ok(match (found, absent) {
        (Some((hook, context)), _) => (hook, Ok(context)),
        (None, Some((hook, error))) => (hook, Err(error)),
        (None, None) => {
            let context = Context::find_struct(kernel, &hook);
            (hook, context)
        }
    })
}

/// The hooks of the programs that take a hook's struct, in any flavour.
fn hooks_taking(object: &ObjectFile, hook: &Hook) -> Result<Vec<Hook>, TargetError> {
    let mut hooks = Vec::new();
    for program in object.programs() {
        let taken = program.context.and_then(|id| object.context_hook(id));
        if taken.is_none_or(|taken| taken.struct_name() != hook.struct_name()) {
            continue;
        }
        // A section without a target says nothing.
        for of_program in program.hooks() {
            if of_program.struct_name() == hook.struct_name() {
                hooks.push(of_program);
            } else if !program.may_take(&hook.struct_name()) {
                let other = TargetError::OtherContext {
                    program: program.name.clone(),
                    section: program.section.to_string(),
                    context: hook.struct_name(),
                    right: of_program.struct_name(),
                };
                return Err(other);
            }
        }
    }
    Ok(set(hooks))
}

/// Whether two contexts have the same fields.
fn is_same(kernel: &KernelBtf, one: &Context, other: &Context) -> bool {
    let same = |(one, other): (&Field, &Field)| {
        let types = agreement((kernel.btf(), one.type_id), (kernel.btf(), other.type_id));
        (&one.name, one.offset, one.size) == (&other.name, other.offset, other.size)
            && types == Agreement::Same
    };
    let (one, other) = (fields(one), fields(other));
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// The arguments in a context; none of a struct of the kernel's own.
pub(super) fn fields(context: &Context) -> &[Field] {
    match &context.shape {
        Shape::Generated { layout, .. } => &layout.fields,
        Shape::Kernel { .. } | Shape::Other { .. } => &[],
    }
}

//! The contexts of one hook on several kernels, as one struct.
//!
//! It has every argument that any of the kernels passes. Where an argument is, is no matter: a
//! relocated access goes to where the running kernel has it. An argument that kernels have different names
//! for has all of them.

mod arguments;
mod context;
mod variants;

use self::arguments::arguments;
pub use self::context::Merged;
pub use self::context::MergedField;
pub use self::context::MergedShape;
pub use self::context::OtherName;
use self::variants::Variant;
use self::variants::variants;
use crate::Context;
use crate::Shape;
use crate::btf::TypeId;
use crate::context::ContextError;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Types;
use crate::layout::Field;
use crate::prototype::PrototypeError;
use crate::prototype::with_nearest;

/// The context that a struct name stands for, on several kernels.
///
/// # Errors
/// As [`Context::of_struct`], of the first kernel, where none has the struct; or where the struct is
/// the kernel's own, which the first kernel has to have.
pub fn merge(kernels: &[KernelBtf], hook: &Hook) -> Result<Merged, ContextError> {
    let found: Vec<Result<Context, PrototypeError>> = kernels
        .iter()
        .map(|kernel| Context::find_struct(kernel, hook))
        .collect();
    merge_found(kernels, hook, found).map_err(|error| match (error, kernels.first()) {
        (ContextError::Prototype(error), Some(kernel)) => with_nearest(kernel, error).into(),
        (error, _) => error,
    })
}

fn merge_found(
    kernels: &[KernelBtf],
    hook: &Hook,
    found: Vec<Result<Context, PrototypeError>>,
) -> Result<Merged, ContextError> {
    let mut contexts: Vec<(usize, Context)> = Vec::new();
    let mut lacking = Vec::new();
    let mut first_error = None;
    for (index, result) in found.into_iter().enumerate() {
        match result {
            Ok(context) => contexts.push((index, context)),
            Err(error) => {
                lacking.push(index);
                first_error = first_error.or(Some(error));
            }
        }
    }
    let mut merged = Merged {
        struct_name: hook.struct_name(),
        hooks: Vec::new(),
        refused: Vec::new(),
        lacking,
        shape: MergedShape::Kernel {
            type_id: TypeId::VOID,
        },
    };
    // What a struct's name stands for, a kernel that has it tells.
    let spelled = contexts.first().and_then(|(_, first)| first.hooks.first());
    let hook = match hook.has_joined_parts() {
        true => spelled.unwrap_or(hook),
        false => hook,
    };
    for other in hook.sharing_struct() {
        let contexts = || contexts.iter().map(|(_, context)| context);
        if contexts().any(|context| context.hooks.contains(&other)) {
            merged.hooks.push(other);
        } else if let Some(refused) = contexts()
            .flat_map(|context| &context.refused)
            .find(|(refused, _)| *refused == other)
        {
            merged.refused.push(refused.clone());
        }
    }
    merged.shape = match (contexts.first(), first_error) {
        (Some((of, first)), error) => match &first.shape {
            Shape::Generated { layout, names_from } if layout.types != Types::Kernel => {
                MergedShape::Fixed {
                    layout: layout.clone(),
                    names_from: names_from.clone(),
                }
            }
            Shape::Generated { layout, names_from } => MergedShape::Generated {
                passing: layout.passing,
                fields: fields(kernels, &contexts),
                names_from: names_from.clone(),
                system_call: layout.system_call.clone().map(|call| (*of, call)),
                returns: layout.returns.map(|type_id| (*of, type_id)),
            },
            Shape::Other { pointee, what } => MergedShape::Other { pointee, what },
            Shape::Kernel { type_id } => match (merged.lacking.first(), error) {
                // The struct is in the first kernel's header or in none.
                (Some(0), Some(error)) => return Err(error.into()),
                _ => {
                    // The architecture may have its own name for it.
                    merged.struct_name.clone_from(&first.struct_name);
                    MergedShape::Kernel { type_id: *type_id }
                }
            },
        },
        (None, Some(error)) => return Err(error.into()),
        (None, None) => return Err(ContextError::NoKernel),
    };
    Ok(merged)
}

fn fields(kernels: &[KernelBtf], contexts: &[(usize, Context)]) -> Vec<MergedField> {
    let mut fields = Vec::new();
    for argument in arguments(kernels, contexts) {
        let lacking = |has: &[usize]| {
            let kernels = contexts.iter().map(|(kernel, _)| *kernel);
            kernels.filter(|kernel| !has.contains(kernel)).collect()
        };
        for Variant { names, of, has } in variants(kernels, &argument) {
            let field = argument.found.iter().find(|(kernel, _)| *kernel == of);
            let Some(((_, field), (first, others))) = field.zip(names.split_first()) else {
                continue;
            };
            fields.push(MergedField {
                field: Field {
                    name: first.name.clone(),
                    ..(*field).clone()
                },
                of,
                lacking: lacking(&has),
                called: first.called.clone(),
                others: others.to_vec(),
            });
        }
    }
    fields
}

//! Contexts of several kernels, one field after the other.

use super::builder::Builder;
use super::builder::Part;
use super::import::Structs;
use super::import::import;
use super::lacking::Lacking;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::Shape;
use crate::context::merged::Merged;
use crate::context::merged::MergedField;
use crate::context::merged::MergedShape;
use crate::kernel::KernelBtf;
use crate::kernel::Types;
use crate::layout::Access;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::Layout;
use crate::layout::SLOT;

impl Builder<'_> {
    /// A context with the types of all kernels, one field after the other.
    pub(super) fn flatten(&mut self, kernels: &[KernelBtf], merged: Merged) -> Part {
        let is_relocatable = matches!(merged.shape, MergedShape::Generated { .. });
        let mut lacking = Lacking {
            hook: merged.lacking,
            ..Lacking::default()
        };
        let shape = match merged.shape {
            MergedShape::Kernel { type_id } => Shape::Kernel { type_id },
            MergedShape::Other { pointee, what } => Shape::Other { pointee, what },
            MergedShape::Fixed { layout, names_from } => Shape::Generated { layout, names_from },
            MergedShape::Generated {
                passing,
                fields,
                names_from,
                system_call,
                returns,
            } => {
                let system_call = system_call.map(|(of, mut call)| {
                    call.layout.fields.retain_mut(|field| {
                        let own = self.type_of(kernels, of, field.type_id);
                        field.type_id = own.unwrap_or(field.type_id);
                        own.is_some()
                    });
                    call
                });
                let mut layout = Layout {
                    passing,
                    size: 0,
                    fields: Vec::new(),
                    types: Types::Kernel,
                    returns: returns.and_then(|(of, id)| self.type_of(kernels, of, id)),
                    left_out: Vec::new(),
                    system_call,
                };
                for field in fields {
                    self.append(kernels, field, &mut layout, &mut lacking);
                }
                Shape::Generated { layout, names_from }
            }
        };
        let context = Context {
            struct_name: merged.struct_name,
            hooks: merged.hooks,
            refused: merged.refused,
            shape,
        };
        Part {
            context,
            lacking,
            relocatable: is_relocatable,
        }
    }

    /// A type of one of the kernels, as it is declared here; `None` where it cannot be.
    fn type_of(&mut self, kernels: &[KernelBtf], of: usize, id: TypeId) -> Option<TypeId> {
        match of {
            0 => Some(id),
            _ => {
                let from = kernels[of].btf();
                import(self.kernel, &mut self.writer, from, id, Structs::Kernels)
            }
        }
    }

    /// Adds a field under all of its names.
    fn append(
        &mut self,
        kernels: &[KernelBtf],
        merged: MergedField,
        layout: &mut Layout,
        lacking: &mut Lacking,
    ) {
        let (field, of) = (merged.field, merged.of);
        let Some(type_id) = self.type_of(kernels, of, field.type_id) else {
            lacking.undeclared.push((field.name, of));
            return;
        };
        let access = match (field.access, of) {
            (Access::Data(element), 1..) => {
                let element = self.type_of(kernels, of, element);
                element.map_or(Access::Always, Access::Data)
            }
            (access, _) => access,
        };
        let field = Field {
            type_id,
            access,
            offset: layout.size,
            ..relocatable(field)
        };
        layout.size += field.size.next_multiple_of(SLOT);
        let has_others = !merged.others.is_empty();
        let others = merged.others.into_iter().map(|other| {
            let field = Field {
                name: other.name,
                ..field.clone()
            };
            (field, other.called, Some(other.by))
        });
        let first = (field.clone(), merged.called, None);
        for (field, called, by) in std::iter::once(first).chain(others) {
            layout.fields.push(field);
            lacking.fields.push(merged.lacking.clone());
            lacking.other_names.push(by);
            lacking.called.push(match has_others {
                true => called,
                false => Vec::new(),
            });
        }
    }
}

/// The field in a form in which each load of it can be relocated. For a member of a struct, or for the
/// second of two slots, compilers add to the context's address first, and then it is none any more to
/// the verifier; of an array of slots, each element is loaded at its own place.
fn relocatable(field: Field) -> Field {
    match (field.form, field.access) {
        (Form::Own, Access::ByValue | Access::UnionByValue) => {
            let len = field.size.div_ceil(SLOT);
            Field {
                form: Form::Slots(len),
                size: len * SLOT,
                ..field
            }
        }
        _ => field,
    }
}

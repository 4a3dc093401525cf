//! Contexts as structs of a split BTF.

use std::collections::BTreeMap;

use super::import::Structs;
use super::import::import;
use super::lacking::Lacking;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::Shape;
use crate::kernel::KernelBtf;
use crate::kernel::Types;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::Layout;
use crate::layout::SLOT;
use crate::layout::SystemCallArguments;

/// What becomes a [`CtxStruct`](super::CtxStruct).
pub(super) struct Part {
    pub(super) context: Context,
    pub(super) lacking: Lacking,
    pub(super) relocatable: bool,
}

pub(super) struct Builder<'k> {
    pub(super) kernel: &'k KernelBtf,
    base: &'k Btf<'k>,
    pub(super) writer: BtfWriter,
    /// The type of a whole slot.
    slot: Option<TypeId>,
    /// Pointers to the arguments of system calls, by the structs' names.
    calls: BTreeMap<String, TypeId>,
}

impl<'k> Builder<'k> {
    pub(super) fn new(kernel: &'k KernelBtf) -> Self {
        Self {
            kernel,
            base: kernel.btf(),
            writer: BtfWriter::split(kernel.btf()),
            slot: None,
            calls: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, context: &Context, lacking: &Lacking) -> TypeId {
        let layout = match &context.shape {
            Shape::Kernel { type_id } => return *type_id,
            Shape::Other { .. } => return TypeId::VOID,
            Shape::Generated { layout, .. } => layout,
        };
        self.structure(&context.struct_name, layout, lacking)
    }

    fn structure(&mut self, name: &str, layout: &Layout, lacking: &Lacking) -> TypeId {
        let system_call = layout
            .system_call
            .as_ref()
            .map(|call| self.pointer_to_arguments(call));
        let mut members: Vec<(&str, TypeId, u32)> = Vec::new();
        let mut fields = layout.fields.iter().enumerate().peekable();
        while let Some((_, field)) = fields.next() {
            let declared = match (field.form, system_call) {
                (Form::SystemCall, Some(pointer)) => pointer,
                _ => self.declared(field),
            };
            let mut names = vec![(field.name.as_str(), declared)];
            while let Some((_, other)) = fields.next_if(|(at, _)| lacking.is_other_name(*at)) {
                names.push((&other.name, declared));
            }
            members.push(match names.len() {
                1 => (&field.name, declared, field.offset),
                _ => ("", self.writer.union("", field.size, &names), field.offset),
            });
        }
        self.writer.structure(name, layout.size, &members)
    }

    /// A pointer to a system call's arguments, which several contexts may have.
    fn pointer_to_arguments(&mut self, call: &SystemCallArguments) -> TypeId {
        if let Some(pointer) = self.calls.get(&call.struct_name) {
            return *pointer;
        }
        let structure = self.structure(&call.struct_name, &call.layout, &Lacking::default());
        let constant = self.writer.constant(structure);
        let pointer = self.writer.pointer(constant);
        self.calls.insert(call.struct_name.clone(), pointer);
        pointer
    }

    /// Takes the types of a program in user space over, as far as they can be declared here.
    pub(super) fn import_types(&mut self, kernel: &KernelBtf, context: &mut Context) {
        let Shape::Generated { layout, .. } = &mut context.shape else {
            return;
        };
        if layout.types == Types::Kernel {
            return;
        }
        let types = kernel.types(layout.types);
        for mut field in std::mem::take(&mut layout.fields) {
            match import(
                self.kernel,
                &mut self.writer,
                types,
                field.type_id,
                Structs::Strangers,
            ) {
                Some(type_id) => {
                    field.type_id = type_id;
                    layout.fields.push(field);
                }
                None => {
                    let name = field.name;
                    layout
                        .left_out
                        .push(format!("`{name}`, whose type cannot be declared here"));
                }
            }
        }
        layout.types = Types::Kernel;
    }

    fn declared(&mut self, field: &Field) -> TypeId {
        match field.form {
            Form::Own | Form::SystemCall => field.type_id,
            Form::Slot => self.slot(),
            Form::Slots(len) => {
                let slot = self.slot();
                self.writer.array(slot, slot, len)
            }
        }
    }

    fn slot(&mut self) -> TypeId {
        if let Some(slot) = self.slot {
            return slot;
        }
        // gcc and clang spell it differently.
        let named = |name| {
            let mut numbers = self.kernel.index().numbers(self.base);
            numbers.find(|ty| ty.name() == name)
        };
        let existing = ["long long unsigned int", "unsigned long long"]
            .into_iter()
            .find_map(named);
        let slot = match existing {
            Some(ty) => ty.id(),
            None => self.writer.unsigned("unsigned long long", SLOT),
        };
        *self.slot.insert(slot)
    }
}

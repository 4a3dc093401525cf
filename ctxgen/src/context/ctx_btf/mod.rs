//! The ctx BTF: a split BTF on top of the kernel's, with one struct per context.

mod import;

use std::collections::BTreeMap;
use std::slice;

use self::import::Structs;
use self::import::import;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::ContextError;
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
use crate::layout::SystemCallArguments;
use crate::prototype::pairing::KnownBy;

/// Context structs as BTF.
///
/// Every rendering is made from this: C, Rust, reports, and what a program's relocations are
/// resolved against at load time. A context that is the kernel's own struct is in the base already.
#[derive(Debug)]
pub struct CtxBtf<'k> {
    kernels: &'k [KernelBtf],
    base: &'k KernelBtf,
    bytes: Vec<u8>,
    btf: Btf<'k>,
    structs: Vec<CtxStruct>,
    relocatable: bool,
}

/// A context and the type that it is.
#[derive(Debug)]
pub struct CtxStruct {
    /// Hooks, fields and remarks; its types are those of the ctx BTF and its base.
    pub context: Context,
    /// The struct in the ctx BTF or its base.
    pub type_id: TypeId,
    /// The kernels that do not have all of it.
    pub lacking: Lacking,
    /// Whether each access to it is to be relocated when a program is loaded.
    pub(crate) relocatable: bool,
}

/// Which kernels of a build lack what, as indices into [`CtxBtf::kernels`].
#[derive(Clone, Debug, Default)]
pub struct Lacking {
    /// Those without the hook.
    pub hook: Vec<usize>,
    /// For each field, those that have the hook but not the field. Empty where all have all.
    pub fields: Vec<Vec<usize>>,
    /// For each field that is another name of the one before it, what tells that. Empty where there is none.
    pub other_names: Vec<Option<KnownBy>>,
    /// For each field that has other names, the kernels that call it so. Empty where there is none.
    pub called: Vec<Vec<usize>>,
    /// Arguments that have no field, and the kernel that they are of: the types of the kernel below have
    /// no way to declare them.
    pub undeclared: Vec<(String, usize)>,
}

impl Lacking {
    /// Whether a field is another name of the one before it.
    pub(crate) fn is_other_name(&self, field: usize) -> bool {
        self.other_names.get(field).is_some_and(Option::is_some)
    }
}

impl<'k> CtxBtf<'k> {
    /// The BTF of these contexts, sorted by struct name, each once.
    ///
    /// # Errors
    /// [`ContextError::Generated`], which only a bug in ctxgen brings about.
    pub fn new(
        kernel: &'k KernelBtf,
        contexts: impl IntoIterator<Item = Context>,
    ) -> Result<Self, ContextError> {
        let contexts = contexts.into_iter();
        let contexts = contexts.map(|context| Part {
            context,
            lacking: Lacking::default(),
            relocatable: false,
        });
        let builder = Builder::new(kernel);
        Self::build(slice::from_ref(kernel), kernel, builder, contexts.collect())
    }

    /// The BTF of relocatable contexts for these kernels, sorted by struct name, each once.
    ///
    /// It continues that of the first kernel. Of types that only others have, structs behind pointers
    /// are declared, and numbers have no name.
    ///
    /// # Errors
    /// [`ContextError::NoKernel`] where there is none, and as [`CtxBtf::new`].
    pub fn relocatable(
        kernels: &'k [KernelBtf],
        contexts: impl IntoIterator<Item = Merged>,
    ) -> Result<Self, ContextError> {
        let base = kernels.first().ok_or(ContextError::NoKernel)?;
        let mut builder = Builder::new(base);
        let contexts = contexts
            .into_iter()
            .map(|merged| builder.flatten(kernels, merged))
            .collect();
        let built = Self::build(kernels, base, builder, contexts)?;
        Ok(Self {
            relocatable: true,
            ..built
        })
    }

    fn build(
        kernels: &'k [KernelBtf],
        base: &'k KernelBtf,
        mut builder: Builder<'k>,
        mut parts: Vec<Part>,
    ) -> Result<Self, ContextError> {
        parts.sort_by(|a, b| a.context.struct_name.cmp(&b.context.struct_name));
        parts.dedup_by(|a, b| a.context.struct_name == b.context.struct_name);
        let structs = parts
            .into_iter()
            .map(|mut part| {
                builder.import_types(base, &mut part.context);
                CtxStruct {
                    type_id: builder.add(&part.context, &part.lacking),
                    context: part.context,
                    lacking: part.lacking,
                    relocatable: part.relocatable,
                }
            })
            .collect();
        let bytes = builder.writer.finish();
        let btf =
            Btf::parse_split(&bytes, base.btf()).map_err(|error| ContextError::Generated {
                origin: base.origin().clone(),
                error,
            })?;
        Ok(Self {
            kernels,
            base,
            bytes,
            btf,
            structs,
            relocatable: false,
        })
    }

    /// The blob, in the target's byte order: what a kernel module's `.BTF` would be.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The parsed blob on top of its base.
    pub fn btf(&self) -> &Btf<'k> {
        &self.btf
    }

    /// The kernel below.
    pub fn kernel(&self) -> &'k KernelBtf {
        self.base
    }

    /// All kernels that the contexts are for, the one below first.
    pub fn kernels(&self) -> &'k [KernelBtf] {
        self.kernels
    }

    /// Whether each access to a context is to be relocated when a program is loaded.
    pub fn is_relocatable(&self) -> bool {
        self.relocatable
    }

    /// The contexts, sorted by struct name.
    pub fn structs(&self) -> &[CtxStruct] {
        &self.structs
    }
}

/// What becomes a [`CtxStruct`].
struct Part {
    context: Context,
    lacking: Lacking,
    relocatable: bool,
}

struct Builder<'k> {
    kernel: &'k KernelBtf,
    base: &'k Btf<'k>,
    writer: BtfWriter,
    /// The type of a whole slot.
    slot: Option<TypeId>,
    /// Pointers to the arguments of system calls, by the structs' names.
    calls: BTreeMap<String, TypeId>,
}

impl<'k> Builder<'k> {
    fn new(kernel: &'k KernelBtf) -> Self {
        Self {
            kernel,
            base: kernel.btf(),
            writer: BtfWriter::split(kernel.btf()),
            slot: None,
            calls: BTreeMap::new(),
        }
    }

    fn add(&mut self, context: &Context, lacking: &Lacking) -> TypeId {
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
    fn import_types(&mut self, kernel: &KernelBtf, context: &mut Context) {
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

    /// A context with the types of all kernels, one field after the other.
    fn flatten(&mut self, kernels: &[KernelBtf], merged: Merged) -> Part {
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
                let mut type_of = |of: usize, id: TypeId| match of {
                    0 => Some(id),
                    _ => {
                        let from = kernels[of].btf();
                        import(self.kernel, &mut self.writer, from, id, Structs::Kernels)
                    }
                };
                let system_call = system_call.map(|(of, mut call)| {
                    call.layout.fields.retain_mut(|field| {
                        let own = type_of(of, field.type_id);
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
                    returns: returns.and_then(|(of, id)| type_of(of, id)),
                    left_out: Vec::new(),
                    system_call,
                };
                for MergedField {
                    field,
                    of,
                    lacking: kernels_without,
                    called,
                    others,
                } in fields
                {
                    let Some(type_id) = type_of(of, field.type_id) else {
                        lacking.undeclared.push((field.name, of));
                        continue;
                    };
                    let access = match (field.access, of) {
                        (Access::Data(element), 1..) => {
                            let element = type_of(of, element);
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
                    let has_others = !others.is_empty();
                    let others = others.into_iter().map(|other| {
                        let field = Field {
                            name: other.name,
                            ..field.clone()
                        };
                        (field, other.called, Some(other.by))
                    });
                    let first = (field.clone(), called, None);
                    for (field, called, by) in std::iter::once(first).chain(others) {
                        layout.fields.push(field);
                        lacking.fields.push(kernels_without.clone());
                        lacking.other_names.push(by);
                        lacking.called.push(match has_others {
                            true => called,
                            false => Vec::new(),
                        });
                    }
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::Family;
    use crate::Hook;
    use crate::btf::compat::Agreement;
    use crate::btf::compat::agreement;
    use crate::context::merged::merge;
    use crate::prototype;
    use crate::text::ident::argument_name;

    fn fixture(name: &str) -> KernelBtf {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
        KernelBtf::from_path(fixtures.join(format!("{name}.btf"))).unwrap()
    }

    /// What is not marked as lacking on a kernel can be read there with the type that the field has,
    /// whichever kernel's types are the ones below.
    #[test]
    fn every_field_is_one_of_each_kernel_that_has_it() {
        let mut kernels = ["5.10-x86_64", "6.1-x86_64", "7.2-x86_64"].map(fixture);
        for _ in 0..kernels.len() {
            kernels.rotate_left(1);
            let hooks = kernels.iter().flat_map(|kernel| {
                let families = Family::all().filter(|family| family.name() != "iter");
                families.flat_map(|family| prototype::hooks(kernel, family))
            });
            let hooks: std::collections::BTreeSet<Hook> = hooks.collect();
            let merged = hooks.iter().filter_map(|hook| merge(&kernels, hook).ok());
            let ctx = CtxBtf::relocatable(&kernels, merged).unwrap();
            let mut fields = 0;
            for ctx_struct in ctx.structs() {
                let Shape::Generated { layout, .. } = &ctx_struct.context.shape else {
                    continue;
                };
                let hook = &ctx_struct.context.hooks[0];
                let all = &layout.fields;
                for (field, lacking) in layout.fields.iter().zip(&ctx_struct.lacking.fields) {
                    for (number, kernel) in kernels.iter().enumerate() {
                        if ctx_struct.lacking.hook.contains(&number) || lacking.contains(&number) {
                            continue;
                        }
                        let what = format!("{hook}, {}, kernel {number}", field.name);
                        let there = Context::find_struct(kernel, hook).expect(&what);
                        let Shape::Generated { layout, .. } = there.shape else {
                            panic!("{what}");
                        };
                        let named = |name: &str| layout.fields.iter().find(|f| f.name == name);
                        let argument = all
                            .iter()
                            .filter(|other| other.offset == field.offset)
                            .find_map(|name| {
                                named(&name.name).or_else(|| named(argument_name(&name.name)))
                            })
                            .expect(&what);
                        let sides = ((ctx.btf(), field.type_id), (kernel.btf(), argument.type_id));
                        assert_ne!(agreement(sides.0, sides.1), Agreement::No, "{what}");
                        fields += 1;
                    }
                }
            }
            assert!(fields > 1000, "{fields}");
        }
    }
}

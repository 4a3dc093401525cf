//! The ctx BTF: a split BTF on top of the kernel's, with one struct per context.

mod import;

use std::slice;

use self::import::import;
use crate::Error;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::Shape;
use crate::kernel::KernelBtf;
use crate::layout::Access;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::Layout;
use crate::layout::SLOT;
use crate::merge::Merged;
use crate::merge::MergedField;
use crate::merge::MergedShape;

/// `BTF_KIND_INT`, for looking one up.
const KIND_INT: u32 = 1;

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
}

/// Which kernels of a build lack what, as indices into [`CtxBtf::kernels`].
#[derive(Clone, Debug, Default)]
pub struct Lacking {
    /// Those without the hook.
    pub hook: Vec<usize>,
    /// For each field, those that have the hook but not the field. Empty where all have all.
    pub fields: Vec<Vec<usize>>,
    /// Arguments that have no field, and the kernel that they are of: the types of the kernel below have
    /// no way to declare them.
    pub undeclared: Vec<(String, usize)>,
}

impl<'k> CtxBtf<'k> {
    /// The BTF of these contexts, sorted by struct name, each once.
    ///
    /// # Errors
    /// [`Error::Generated`], which only a bug in ctxgen brings about.
    pub fn new(
        kernel: &'k KernelBtf,
        contexts: impl IntoIterator<Item = Context>,
    ) -> Result<Self, Error> {
        let contexts = contexts.into_iter();
        let contexts = contexts.map(|context| (context, Lacking::default()));
        let builder = Builder::new(kernel);
        Self::build(slice::from_ref(kernel), kernel, builder, contexts.collect())
    }

    /// The BTF of relocatable contexts for these kernels, sorted by struct name, each once.
    ///
    /// It continues that of the first kernel. Of types that only others have, structs behind pointers
    /// are declared, and numbers have no name.
    ///
    /// # Errors
    /// [`Error::NoKernel`] where there is none, and as [`CtxBtf::new`].
    pub fn relocatable(
        kernels: &'k [KernelBtf],
        contexts: impl IntoIterator<Item = Merged>,
    ) -> Result<Self, Error> {
        let base = kernels.first().ok_or(Error::NoKernel)?;
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
        mut contexts: Vec<(Context, Lacking)>,
    ) -> Result<Self, Error> {
        contexts.sort_by(|(a, _), (b, _)| a.struct_name.cmp(&b.struct_name));
        contexts.dedup_by(|(a, _), (b, _)| a.struct_name == b.struct_name);
        let structs = contexts
            .into_iter()
            .map(|(context, lacking)| CtxStruct {
                type_id: builder.add(&context),
                context,
                lacking,
            })
            .collect();
        let bytes = builder.writer.finish();
        let btf = Btf::parse_split(&bytes, base.btf()).map_err(|error| Error::Generated {
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

struct Builder<'k> {
    base: &'k Btf<'k>,
    writer: BtfWriter,
    /// The type of a whole slot.
    slot: Option<TypeId>,
}

impl<'k> Builder<'k> {
    fn new(kernel: &'k KernelBtf) -> Self {
        Self {
            base: kernel.btf(),
            writer: BtfWriter::split(kernel.btf()),
            slot: None,
        }
    }

    fn add(&mut self, context: &Context) -> TypeId {
        let layout = match &context.shape {
            Shape::Kernel { type_id } => return *type_id,
            Shape::Slots { layout, .. } => layout,
        };
        let members: Vec<_> = layout
            .fields
            .iter()
            .map(|field| (field.name.as_str(), self.declared(field), field.offset))
            .collect();
        self.writer
            .structure(&context.struct_name, layout.size, &members)
    }

    fn declared(&mut self, field: &Field) -> TypeId {
        match field.form {
            Form::Own => field.type_id,
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
        let existing = [c"long long unsigned int", c"unsigned long long"]
            .into_iter()
            .find_map(|name| self.base.find(name, KIND_INT));
        let slot = match existing {
            Some(ty) => ty.id(),
            None => self.writer.unsigned("unsigned long long", SLOT),
        };
        *self.slot.insert(slot)
    }

    /// A context with the types of all kernels, one field after the other.
    fn flatten(&mut self, kernels: &[KernelBtf], merged: Merged) -> (Context, Lacking) {
        let mut lacking = Lacking {
            hook: merged.lacking,
            fields: Vec::new(),
            undeclared: Vec::new(),
        };
        let shape = match merged.shape {
            MergedShape::Kernel { type_id } => Shape::Kernel { type_id },
            MergedShape::Slots { fields, names_from } => {
                let mut layout = Layout {
                    size: 0,
                    fields: Vec::new(),
                };
                for MergedField {
                    field,
                    of,
                    lacking: kernels_without,
                } in fields
                {
                    let type_id = match of {
                        0 => Some(field.type_id),
                        _ => import(
                            self.base,
                            &mut self.writer,
                            kernels[of].btf(),
                            field.type_id,
                        ),
                    };
                    let Some(type_id) = type_id else {
                        lacking.undeclared.push((field.name, of));
                        continue;
                    };
                    let field = Field {
                        type_id,
                        offset: layout.size,
                        ..relocatable(field)
                    };
                    layout.size += field.size.next_multiple_of(SLOT);
                    layout.fields.push(field);
                    lacking.fields.push(kernels_without);
                }
                Shape::Slots { layout, names_from }
            }
        };
        let context = Context {
            struct_name: merged.struct_name,
            hooks: merged.hooks,
            refused: merged.refused,
            shape,
        };
        (context, lacking)
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
    use crate::agree::Agreement;
    use crate::agree::agreement;
    use crate::merge::argument_name;
    use crate::merge::merge;
    use crate::prototype;

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
                let Shape::Slots { layout, .. } = &ctx_struct.context.shape else {
                    continue;
                };
                let hook = &ctx_struct.context.hooks[0];
                for (field, lacking) in layout.fields.iter().zip(&ctx_struct.lacking.fields) {
                    for (number, kernel) in kernels.iter().enumerate() {
                        if ctx_struct.lacking.hook.contains(&number) || lacking.contains(&number) {
                            continue;
                        }
                        let what = format!("{hook}, {}, kernel {number}", field.name);
                        let there = Context::find_struct(kernel, hook).expect(&what);
                        let Shape::Slots { layout, .. } = there.shape else {
                            panic!("{what}");
                        };
                        let named = |name: &str| layout.fields.iter().find(|f| f.name == name);
                        let argument = named(&field.name)
                            .or_else(|| named(argument_name(&field.name)))
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

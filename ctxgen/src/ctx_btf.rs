//! The ctx BTF: a split BTF on top of the kernel's, with one struct per context.

use crate::Error;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::Shape;
use crate::kernel::KernelBtf;
use crate::layout::Field;
use crate::layout::Form;
use crate::layout::SLOT;

/// `BTF_KIND_INT`, for looking one up.
const KIND_INT: u32 = 1;

/// Context structs as BTF.
///
/// Every rendering is made from this: C, Rust, reports, and what a program's relocations are
/// resolved against at load time. A context that is the kernel's own struct is in the base already.
#[derive(Debug)]
pub struct CtxBtf<'k> {
    kernel: &'k KernelBtf,
    bytes: Vec<u8>,
    btf: Btf<'k>,
    structs: Vec<CtxStruct>,
}

/// A context and the type that it is.
#[derive(Debug)]
pub struct CtxStruct {
    /// Hooks, fields and remarks.
    pub context: Context,
    /// The struct in the ctx BTF or its base.
    pub type_id: TypeId,
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
        let mut contexts: Vec<Context> = contexts.into_iter().collect();
        contexts.sort_by(|a, b| a.struct_name.cmp(&b.struct_name));
        contexts.dedup_by(|a, b| a.struct_name == b.struct_name);

        let mut builder = Builder {
            base: kernel.btf(),
            writer: BtfWriter::split(kernel.btf()),
            slot: None,
        };
        let structs = contexts
            .into_iter()
            .map(|context| CtxStruct {
                type_id: builder.add(&context),
                context,
            })
            .collect();
        let bytes = builder.writer.finish();
        let btf = Btf::parse_split(&bytes, kernel.btf()).map_err(|error| Error::Generated {
            origin: kernel.origin().clone(),
            error,
        })?;
        Ok(Self {
            kernel,
            bytes,
            btf,
            structs,
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
        self.kernel
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

impl Builder<'_> {
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
}

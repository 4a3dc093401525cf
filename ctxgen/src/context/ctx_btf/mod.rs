//! The ctx BTF: a split BTF on top of the kernel's, with one struct per context.

mod builder;
mod flatten;
mod import;
mod lacking;
#[cfg(test)]
mod tests;

use std::slice;

use self::builder::Builder;
use self::builder::Part;
pub use self::lacking::Lacking;
use crate::btf::Btf;
use crate::btf::TypeId;
use crate::context::Context;
use crate::context::ContextError;
use crate::context::merged::Merged;
use crate::kernel::KernelBtf;

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
#[non_exhaustive]
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

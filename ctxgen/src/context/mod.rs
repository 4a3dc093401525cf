//! From a hook to its context: prototype and layout in one step.

#[cfg(feature = "generate")]
pub(crate) mod ctx_btf;
mod error;
#[cfg(feature = "generate")]
pub mod merged;
pub(crate) mod multi;
pub(crate) mod record;
#[cfg(feature = "generate")]
pub(crate) mod similar;

pub use self::error::ContextError;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::layout::Layout;
use crate::layout::Unsupported;
use crate::layout::lay_out;
use crate::layout::of_record;
use crate::prototype;
use crate::prototype::NamesFrom;
use crate::prototype::Prototype;
use crate::prototype::PrototypeError;

/// The context struct of one or more hooks.
#[derive(Clone, Debug)]
pub struct Context {
    /// The struct's name.
    pub struct_name: String,
    /// The hooks whose programs get it, in the order of the family table.
    pub hooks: Vec<Hook>,
    /// Hooks that have this struct but that no program can attach to, and why.
    pub refused: Vec<(Hook, Unsupported)>,
    /// What it consists of.
    pub shape: Shape,
}

/// What a context struct consists of.
#[derive(Clone, Debug)]
pub enum Shape {
    /// What ctxgen makes a struct for.
    Generated {
        /// The fields.
        layout: Layout,
        /// Where their names are from.
        names_from: NamesFrom,
    },
    /// A struct of the kernel's own, which is in vmlinux.h.
    Kernel {
        /// The struct's type in the kernel's BTF.
        type_id: TypeId,
    },
    /// No struct of the kernel's.
    Other {
        /// What a program's argument points to, in C.
        pointee: &'static str,
        /// What that is.
        what: &'static str,
    },
}

impl Context {
    /// The context of a hook, by SEC name.
    ///
    /// Hooks of other families that share the struct are named in it too.
    ///
    /// # Errors
    /// As [`prototype::resolve`], and [`PrototypeError::Unsupported`] where no program can attach to `hook`
    /// itself.
    pub fn of_hook(kernel: &KernelBtf, hook: &Hook) -> Result<Self, PrototypeError> {
        let found =
            prototype::spelled(kernel, hook).and_then(|hook| Ok((shape(kernel, &hook)?, hook)));
        let (shape, hook) = found.map_err(|error| prototype::with_nearest(kernel, error))?;
        Ok(Self::sharing(kernel, &hook, shape))
    }

    /// As [`Context::of_hook`], without looking for other hooks that share the struct.
    ///
    /// # Errors
    /// As [`Context::of_hook`].
    pub fn of_hook_alone(kernel: &KernelBtf, hook: &Hook) -> Result<Self, PrototypeError> {
        Self::find_hook(kernel, hook).map_err(|error| prototype::with_nearest(kernel, error))
    }

    /// As [`Context::of_hook_alone`], but without the nearest names in the error, which take long to
    /// find: for where a missing hook is nothing unusual.
    pub(crate) fn find_hook(kernel: &KernelBtf, hook: &Hook) -> Result<Self, PrototypeError> {
        let hook = prototype::spelled(kernel, hook)?;
        Ok(Self {
            shape: shape(kernel, &hook)?,
            struct_name: hook.struct_name(),
            hooks: vec![hook],
            refused: Vec::new(),
        }
        .with_kernels_name(kernel))
    }

    /// The context that a struct name stands for: that of the first hook with this struct that a
    /// program can attach to.
    ///
    /// # Errors
    /// As [`Context::of_hook`], for the first of the hooks.
    pub fn of_struct(kernel: &KernelBtf, hook: &Hook) -> Result<Self, PrototypeError> {
        Self::find_struct(kernel, hook).map_err(|error| prototype::with_nearest(kernel, error))
    }

    /// As [`Context::of_struct`], but without the nearest names in the error, which take long to find:
    /// for where a missing hook is nothing unusual.
    pub(crate) fn find_struct(kernel: &KernelBtf, hook: &Hook) -> Result<Self, PrototypeError> {
        let hook = prototype::spelled(kernel, hook)?;
        let mut first = None;
        for hook in hook.sharing_struct() {
            match shape(kernel, &hook) {
                Ok(shape) => return Ok(Self::sharing(kernel, &hook, shape)),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| PrototypeError::UnknownHook {
            origin: kernel.origin().clone(),
            tried: Vec::new(),
            nearest: Vec::new(),
            hook,
        }))
    }

    fn sharing(kernel: &KernelBtf, hook: &Hook, shape: Shape) -> Self {
        let mut hooks = Vec::new();
        let mut refused = Vec::new();
        for other in hook.sharing_struct() {
            if other == *hook {
                hooks.push(other);
                continue;
            }
            match self::shape(kernel, &other) {
                Ok(_) => hooks.push(other),
                Err(PrototypeError::Unsupported { hook, reason }) => refused.push((hook, reason)),
                Err(_) => {}
            }
        }
        Self {
            struct_name: hook.struct_name(),
            hooks,
            refused,
            shape,
        }
        .with_kernels_name(kernel)
    }

    /// With the name that the kernel has for a struct of its own, which is not the same on all
    /// architectures.
    fn with_kernels_name(mut self, kernel: &KernelBtf) -> Self {
        if let Shape::Kernel { type_id } = self.shape
            && let Some(ty) = kernel.btf().get(type_id)
        {
            self.struct_name = ty.name().to_owned();
        }
        self
    }

    /// The struct's size in bytes.
    pub fn size(&self, kernel: &KernelBtf) -> u32 {
        match &self.shape {
            Shape::Generated { layout, .. } => layout.size,
            Shape::Kernel { type_id } => match kernel.btf().get(*type_id).map(|ty| ty.kind()) {
                Some(Kind::Struct(composite)) => composite.size,
                _ => 0,
            },
            Shape::Other { .. } => 0,
        }
    }
}

fn shape(kernel: &KernelBtf, hook: &Hook) -> Result<Shape, PrototypeError> {
    match prototype::look_up(kernel, hook)? {
        Prototype::Kernel { type_id } => Ok(Shape::Kernel { type_id }),
        Prototype::Other { pointee, what } => Ok(Shape::Other { pointee, what }),
        Prototype::Record(record) => Ok(Shape::Generated {
            layout: of_record(kernel, &record),
            names_from: record.names_from,
        }),
        Prototype::Function(signature) => match lay_out(kernel, hook, &signature) {
            Ok(layout) => Ok(Shape::Generated {
                layout,
                names_from: signature.names_from,
            }),
            Err(reason) => Err(PrototypeError::Unsupported {
                hook: hook.clone(),
                reason,
            }),
        },
    }
}

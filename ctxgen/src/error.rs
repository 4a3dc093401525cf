//! Everything that can go wrong between a hook's name and its context struct.

use std::fmt;

use crate::btf::BtfError;
use crate::compare::CompareError;
use crate::context::ContextError;
use crate::declaration::DeclarationError;
use crate::hook::HookError;
use crate::image::ImageError;
use crate::kernel::KernelError;
use crate::kernel::NotPinned;
#[cfg(feature = "load")]
use crate::load::LoadError;
use crate::object::ObjectError;
#[cfg(feature = "generate")]
use crate::pin::PinError;
use crate::prototype::Addition;
use crate::prototype::PrototypeError;
#[cfg(feature = "generate")]
use crate::render::RenderError;
use crate::tracefs::TracefsError;
use crate::user::UserError;

/// Why there is no context struct: the errors of all steps. One that a step hands on from a step before
/// it stands here as that one's.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A name is no hook's.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// No kernel BTF can be read from a file.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The formats of trace events cannot be read.
    #[error(transparent)]
    Tracefs(#[from] TracefsError),
    /// The prototypes of a program in user space are not known.
    #[error(transparent)]
    User(#[from] UserError),
    /// A kernel's BTF, or what stands beside it, cannot be used.
    #[error(transparent)]
    Kernel(KernelError),
    /// A pinned BTF lacks what sources reach.
    #[error(transparent)]
    NotPinned(#[from] NotPinned),
    /// A type or a name cannot be written in C.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// A hook has no prototype.
    #[error(transparent)]
    Prototype(PrototypeError),
    /// There are no contexts for several kernels, or no BTF of contexts.
    #[error(transparent)]
    Context(ContextError),
    /// A compiled BPF object cannot be read.
    #[error("the BPF object cannot be read: {0}")]
    Object(ObjectError),
    /// Contexts cannot be compared.
    #[error(transparent)]
    Compare(CompareError),
    /// There is no header, or no list.
    #[cfg(feature = "generate")]
    #[error(transparent)]
    Render(RenderError),
    /// An object cannot be opened or loaded.
    #[cfg(feature = "load")]
    #[error(transparent)]
    Load(Box<LoadError>),
}

impl Error {
    /// What the error asks to be given beside the kernel's BTF; `None` where nothing would help.
    pub fn asks_for(&self) -> Option<Addition> {
        match self {
            Self::Prototype(error) => error.asks_for(),
            // A module's BTF was given as a kernel's.
            Self::Kernel(KernelError::BadBtf {
                error: BtfError::Split,
                ..
            }) => Some(Addition::Module),
            _ => None,
        }
    }
}

/// `main` prints an error it returns with `Debug`: that has to be readable too.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<KernelError> for Error {
    fn from(error: KernelError) -> Self {
        match error {
            KernelError::Image(error) => error.into(),
            KernelError::Tracefs(error) => error.into(),
            KernelError::User(error) => error.into(),
            error => Self::Kernel(error),
        }
    }
}

impl From<PrototypeError> for Error {
    fn from(error: PrototypeError) -> Self {
        match error {
            PrototypeError::Declaration(error) => error.into(),
            PrototypeError::Format(error) => error.into(),
            error => Self::Prototype(error),
        }
    }
}

impl From<ContextError> for Error {
    fn from(error: ContextError) -> Self {
        match error {
            ContextError::Prototype(error) => error.into(),
            error => Self::Context(error),
        }
    }
}

impl From<ObjectError> for Error {
    fn from(error: ObjectError) -> Self {
        Self::Object(error)
    }
}

impl From<CompareError> for Error {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::Object(error) => error.into(),
            CompareError::Declaration(error) => error.into(),
            error => Self::Compare(error),
        }
    }
}

#[cfg(feature = "generate")]
impl From<RenderError> for Error {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Declaration(error) => error.into(),
            RenderError::NotPinned(error) => error.into(),
            error => Self::Render(error),
        }
    }
}

#[cfg(feature = "generate")]
impl From<PinError> for Error {
    fn from(error: PinError) -> Self {
        match error {
            PinError::Prototype(error) => error.into(),
            PinError::NotPinned(error) => error.into(),
        }
    }
}

#[cfg(feature = "load")]
impl From<Box<LoadError>> for Error {
    fn from(error: Box<LoadError>) -> Self {
        match *error {
            LoadError::Object(error) => error.into(),
            LoadError::Kernel(error) => error.into(),
            error => Self::Load(Box::new(error)),
        }
    }
}

#[cfg(feature = "load")]
impl From<LoadError> for Error {
    fn from(error: LoadError) -> Self {
        Box::new(error).into()
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;
    use std::path::PathBuf;

    use super::*;
    use crate::btf::HeaderError;
    use crate::kernel::Origin;
    use crate::module::ModuleError;

    /// What prints an error prints the chain of its causes too, or does not: either way, each is there
    /// once.
    #[test]
    fn causes_are_told_once() {
        let io = || io::Error::other("the disk is gone");
        let header = || BtfError::Header(HeaderError::Magic);
        let origin = || Origin::Memory("test".to_owned());
        let path = PathBuf::from("file");
        let kernel = |error| KernelError::BadBtf {
            origin: origin(),
            error,
        };
        let all: Vec<Error> = vec![
            ImageError::Read {
                path: path.clone(),
                error: io(),
            }
            .into(),
            TracefsError::Read { path, error: io() }.into(),
            kernel(header()).into(),
            KernelError::Module {
                module: "m".to_owned(),
                origin: origin(),
                error: Box::new(ModuleError::Base(header())),
            }
            .into(),
            ObjectError::Btf(header()).into(),
            #[cfg(feature = "load")]
            LoadError::Kernel(kernel(header())).into(),
        ];
        for error in all {
            let text = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                assert!(!text.contains(&cause.to_string()), "{text}: {cause}");
                source = cause.source();
            }
        }
    }
}

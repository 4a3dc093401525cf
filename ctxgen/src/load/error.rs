//! What can go wrong between an object and the kernel that it is loaded into.

use std::fmt;
use std::path::PathBuf;

use crate::compare::targets::TargetError;
use crate::kernel::KernelError;
use crate::kernel::Origin;
use crate::object::ObjectError;
use crate::prototype::PrototypeError;

use super::AbsentHook;

/// Why an object cannot be opened or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The bytes are no object.
    #[error("the BPF object cannot be read: {0}")]
    Object(ObjectError),
    /// The kernel's BTF cannot be used.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// The object's contexts cannot be relocated.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The file for libbpf cannot be made.
    #[error(
        "cannot pass the types to relocate against to libbpf: {0}. They are in a memory file, which libbpf \
         opens through /proc/self/fd"
    )]
    Memfd(std::io::Error),
    /// The builder already has a BTF to relocate against.
    #[error(
        "the object builder already has {} as its custom BTF, which does not have this object's \
         context structs: do not set it, and make the loader for that BTF with \
         Loader::for_kernel(object, &KernelBtf::from_path(…)?)", path.display()
    )]
    CustomBtf {
        /// What it has.
        path: PathBuf,
    },
    /// Another object than the loader's was opened.
    #[error(
        "the object that was opened is not the one that this loader was made for: {found} as against \
         {expected}. Make the loader with the bytes that the skeleton was made from: the constant OBJECT \
         beside it"
    )]
    OtherObject {
        /// A program, with its SEC name, that only the opened object has; or that it has none such.
        found: String,
        /// The same of the loader's object.
        expected: String,
    },
    /// Hooks that the kernel lacks, where all are required.
    #[error("the kernel lacks hooks of this object:{}", listed(.0))]
    Absent(Vec<AbsentHook>),
    /// libbpf cannot open the object.
    #[error("libbpf cannot open the BPF object: {0}")]
    Open(libbpf_rs::Error),
    /// A program reads an argument that is not there.
    #[error(
        "program {program}, SEC(\"{section}\"): it reads {field} from its context, and {origin} passes \
         no such argument. There it is: {prototype}. Where a kernel may lack the argument, read it only \
         if (bpf_core_field_exists(ctx->{field}))"
    )]
    AbsentArgument {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// The field of the context struct.
        field: String,
        /// The kernel.
        origin: Origin,
        /// The hook and what it passes there.
        prototype: String,
    },
    /// A program reads an argument that is of another type.
    #[error(
        "program {program}, SEC(\"{section}\"): it reads {field} from its context as `{local}`, and in \
         {origin} that is `{kernel}`. There it is: {prototype}. Where kernels differ, read it only if \
         (bpf_core_field_exists(ctx->{field})), and build with all these kernels' BTF for a field of \
         each type"
    )]
    RetypedArgument {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// The field of the context struct.
        field: String,
        /// Its type in the object.
        local: String,
        /// The argument's type in the kernel.
        kernel: String,
        /// The kernel.
        origin: Origin,
        /// The hook and what it passes there.
        prototype: String,
    },
    /// A program reads an argument narrower than the kernel lets it be read.
    #[error(
        "program {program}, SEC(\"{section}\"): it reads {field} from its context with its own type, and \
         in {origin} it takes a whole slot: the structs that ctxgen generates for this kernel have it as \
         one, and ctx_get(ctx, {field}) makes the argument of it"
    )]
    NarrowField {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// The field of the context struct.
        field: String,
        /// The kernel.
        origin: Origin,
    },
    /// A program reads from the context of a hook that is not there.
    #[error(
        "program {program}, SEC(\"{section}\"): it reads {field} from struct {context}, and {}. Where \
         a kernel may lack the hook, read it only if (bpf_core_type_exists(struct {context}))",
        said(why)
    )]
    AbsentContext {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// The context struct.
        context: String,
        /// The field of it.
        field: String,
        /// Why the kernel has no such context.
        why: Box<PrototypeError>,
    },
    /// A program uses something else of the kernel's that is not there.
    #[error(
        "program {program}, SEC(\"{section}\"): it uses what {origin} does not have: {relocation}. Where \
         a kernel may lack it, use it only if bpf_core_field_exists(), bpf_core_type_exists() or \
         bpf_core_enum_value_exists() says that it is there"
    )]
    Unresolved {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// As libbpf writes it: what is asked, and of which type and field.
        relocation: String,
        /// The kernel.
        origin: Origin,
    },
    /// The verifier refuses a program, for reasons of its own.
    #[error("program {program}, SEC(\"{section}\") is refused: {error}\n{log}")]
    Refused {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// What the verifier wrote.
        log: String,
        /// libbpf's error.
        error: libbpf_rs::Error,
    },
    /// libbpf cannot load the object; why, it has printed.
    #[error("libbpf cannot load the BPF object: {0}")]
    Load(libbpf_rs::Error),
}

impl From<ObjectError> for Box<LoadError> {
    fn from(error: ObjectError) -> Self {
        Self::new(LoadError::Object(error))
    }
}

impl From<KernelError> for Box<LoadError> {
    fn from(error: KernelError) -> Self {
        Self::new(error.into())
    }
}

impl From<TargetError> for Box<LoadError> {
    fn from(error: TargetError) -> Self {
        Self::new(error.into())
    }
}

impl fmt::Display for AbsentHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            program,
            section,
            why,
        } = self;
        let why = said(why);
        write!(f, "program {program}, SEC(\"{section}\"): {why}")
    }
}

fn listed(hooks: &[AbsentHook]) -> String {
    hooks.iter().map(|hook| format!("\n    {hook}")).collect()
}

/// Why a hook is not there. All modules of the running kernel were searched, so that what is missing can
/// only be in one that is not loaded.
fn said(why: &PrototypeError) -> String {
    match why {
        PrototypeError::UnknownHook {
            hook,
            origin,
            tried,
            nearest,
        } if origin.is_running() && nearest.is_empty() && hook.family().names_modules() => format!(
            "{origin} has no hook `{hook}`: looked for {}. If it is in a module, load the module first",
            tried.join(", ")
        ),
        PrototypeError::UnknownModule {
            hook,
            module,
            origin,
        } if origin.is_running() => format!(
            "`{hook}` is a hook in the module {module}, which {origin} has not loaded: load the module \
             first"
        ),
        other => other.to_string(),
    }
}

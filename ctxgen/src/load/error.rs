//! What can go wrong between an object and the kernel that it is loaded into.

use std::fmt;
use std::path::PathBuf;

use crate::Error;
use crate::btf::ByteOrder;
use crate::kernel::Origin;

use super::AbsentHook;

/// Why an object cannot be opened or loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The object is for machines of the other byte order.
    #[error("the BPF object is {object}, and {origin} is {kernel}")]
    ByteOrder {
        /// The object's.
        object: ByteOrder,
        /// The kernel's.
        kernel: ByteOrder,
        /// The kernel.
        origin: Origin,
    },
    /// Two contexts that CO-RE takes for one.
    #[error(
        "struct {one} and struct {other} are the same to CO-RE, which drops three underscores and what \
         follows them from a type's name, so that their fields cannot be told apart: put the programs \
         for one of them into an object of their own, or build them with fixed contexts"
    )]
    SameName {
        /// One of the structs.
        one: String,
        /// The other.
        other: String,
    },
    /// Two contexts under the same name.
    #[error(
        "{alias} is a typedef of struct {one} in one place and of struct {other} in another, which are the \
         same to CO-RE, so that their fields cannot be told apart: give them different names"
    )]
    SameAlias {
        /// The name of the typedef.
        alias: String,
        /// One of the structs.
        one: String,
        /// The other.
        other: String,
    },
    /// A program takes the context of another hook.
    #[error(
        "program {program}, SEC(\"{section}\"): it takes struct {context}, which is another hook's: it \
         should take struct {right}"
    )]
    OtherContext {
        /// The program.
        program: String,
        /// Its SEC name.
        section: String,
        /// The struct that it takes.
        context: String,
        /// The struct of its hook.
        right: String,
    },
    /// A context struct of two hooks that have different arguments.
    #[error(
        "programs for `{one}` and `{other}` take struct {context}, and {origin} passes them different \
         arguments, while the struct is relocated for one of them: put the programs for one of the hooks \
         into an object of their own"
    )]
    OneStruct {
        /// The struct.
        context: String,
        /// A hook.
        one: String,
        /// The other.
        other: String,
        /// The kernel.
        origin: Origin,
    },
    /// The file for libbpf cannot be made.
    #[error(
        "the types to relocate against cannot be handed to libbpf: {0}. They are put into a memory \
         file, which libbpf opens through /proc/self/fd"
    )]
    Memfd(#[source] std::io::Error),
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
    Open(#[source] libbpf_rs::Error),
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
        #[source]
        why: Box<crate::Error>,
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
        #[source]
        error: libbpf_rs::Error,
    },
    /// libbpf cannot load the object; why, it has printed.
    #[error("libbpf cannot load the BPF object: {0}")]
    Load(#[source] libbpf_rs::Error),
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
fn said(why: &Error) -> String {
    match why {
        Error::UnknownHook {
            hook,
            origin,
            tried,
            nearest,
        } if is_running(origin) && nearest.is_empty() && hook.family().names_modules() => format!(
            "{origin} has no hook `{hook}`: looked for {}. If it is in a module, load the module first",
            tried.join(", ")
        ),
        Error::UnknownModule {
            hook,
            module,
            origin,
        } if is_running(origin) => format!(
            "`{hook}` is a hook in the module {module}, which {origin} has not loaded: load the module \
             first"
        ),
        other => other.to_string(),
    }
}

fn is_running(origin: &Origin) -> bool {
    match origin {
        Origin::Running { .. } => true,
        Origin::WithModules { vmlinux, .. } => is_running(vmlinux),
        _ => false,
    }
}

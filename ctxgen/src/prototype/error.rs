//! Why a hook has no prototype.

use super::Unsupported;
use crate::declaration::DeclarationError;
use crate::hook::Hook;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;
use crate::text::ident::original;
use crate::tracefs::TracefsError;

/// Why a hook has no prototype, or no program can attach to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrototypeError {
    /// A hook names a module whose BTF is not there.
    #[error(
        "`{hook}` is a hook in the module {module}, which {origin} does not have: give the module's BTF \
         too"
    )]
    UnknownModule {
        /// What was asked for.
        hook: Hook,
        /// The module that it names.
        module: String,
        /// Where it was looked for.
        origin: Origin,
    },
    /// A function in user space, and no BTF that could have its prototype.
    #[error(
        "`{hook}` is a function of a user-space program, and no program was given: give an ELF file with \
         debug information (cc -g) or a .BTF section (gcc -gbtf, pahole -J), or take struct pt_regs in the \
         BPF program"
    )]
    NoUserBtf {
        /// What was asked for.
        hook: Hook,
    },
    /// The kernel has no such hook.
    #[error(
        "{origin} has no hook `{hook}`: looked for {}{}", tried.join(", "), advice(nearest, hook, origin)
    )]
    UnknownHook {
        /// What was asked for.
        hook: Hook,
        /// Where it was looked for.
        origin: Origin,
        /// The BTF names that would have been it.
        tried: Vec<String>,
        /// The most similar hooks that exist.
        nearest: Vec<String>,
    },
    /// Several functions of one name and of different types.
    #[error(
        "`{hook}` is ambiguous: {origin} has several functions of that name with different \
         prototypes, and the kernel attaches to whichever comes first:{}",
        indented(prototypes)
    )]
    AmbiguousFunction {
        /// What was asked for.
        hook: Hook,
        /// Where it was looked for.
        origin: Origin,
        /// The prototypes in C.
        prototypes: Vec<String>,
    },
    /// BTF does not tell which record a trace event has, or which event a struct's name stands for.
    #[error(
        "`{hook}` is ambiguous: {origin} does not tell which of these it is: {}. The event's format in \
         tracefs does, /sys/kernel/tracing/events/<category>/<event>/format on that kernel: give a copy \
         of it, or of that whole folder",
        or_none(candidates)
    )]
    AmbiguousEvent {
        /// What was asked for.
        hook: Hook,
        /// Where it was looked for.
        origin: Origin,
        /// What it may be, sorted: structs of the kernel's BTF, or hooks. None where nothing hints at
        /// any.
        candidates: Vec<String>,
    },
    /// A trace event's format is not that of its record in BTF.
    #[error(
        "`{hook}`: its format in tracefs is that of no record in {origin}{}; they have to be of the same \
         kernel",
        held_against(candidates)
    )]
    OtherFormat {
        /// What was asked for.
        hook: Hook,
        /// The kernel.
        origin: Origin,
        /// The structs that should have been it.
        candidates: Vec<String>,
    },
    /// A trace event is in another category.
    #[error("`{hook}`: the event is in another category, and is {}", right.join(" or "))]
    OtherCategory {
        /// What was asked for.
        hook: Hook,
        /// The same with the right categories.
        right: Vec<String>,
    },
    /// The hook is there, but no program can attach to it, or none can be given a context.
    #[error("no program can attach to `{hook}`: {reason}")]
    Unsupported {
        /// What was asked for.
        hook: Hook,
        /// Why not.
        reason: Unsupported,
    },
    /// The prototypes that differ could not be written in C.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// The format of a trace event is there and cannot be read.
    #[error(transparent)]
    Format(#[from] TracefsError),
}

/// What can be given beside a kernel's BTF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Addition {
    /// The BTF of a module.
    Module,
    /// A program or library in user space.
    Program,
    /// What tracefs says of trace events.
    Formats,
}

impl PrototypeError {
    /// What the error asks to be given; `None` where nothing would help.
    pub fn asks_for(&self) -> Option<Addition> {
        match self {
            Self::UnknownModule { .. } => Some(Addition::Module),
            Self::UnknownHook {
                hook,
                origin,
                nearest,
                ..
            } if nearest.is_empty() && may_be_in_module(hook, origin) => Some(Addition::Module),
            Self::NoUserBtf { .. } => Some(Addition::Program),
            Self::AmbiguousEvent { .. } => Some(Addition::Formats),
            _ => None,
        }
    }
}

/// The error for a hook that is not there. `tried` are the BTF names that would have been it.
pub(super) fn unknown(kernel: &KernelBtf, hook: &Hook, tried: Vec<String>) -> PrototypeError {
    PrototypeError::UnknownHook {
        hook: hook.clone(),
        origin: kernel.origin().clone(),
        tried,
        nearest: Vec::new(),
    }
}

/// Whether a hook that is not there may be in a module, none having been given.
fn may_be_in_module(hook: &Hook, origin: &Origin) -> bool {
    hook.family().names_modules() && !matches!(origin, Origin::WithModules { .. })
}

/// What may be meant, or where else it may be.
fn advice(nearest: &[String], hook: &Hook, origin: &Origin) -> String {
    match nearest {
        [] if may_be_in_module(hook, origin) => {
            ". If it is in a module, its BTF has to be given beside the kernel's".to_owned()
        }
        [] => String::new(),
        names if names.iter().any(|name| is_clone_of(name, hook)) => format!(
            ". The compiler has made other functions of it, whose arguments may differ: {}",
            names.join(", ")
        ),
        names => format!(". Similar names: {}", names.join(", ")),
    }
}

/// Whether a hook is on a function that was made of that of another hook.
fn is_clone_of(name: &str, hook: &Hook) -> bool {
    name.parse::<Hook>()
        .is_ok_and(|other| other.is_of_clone() && original(other.target()) == hook.target())
}

fn or_none(candidates: &[String]) -> String {
    match candidates {
        [] => "no class of events has its prototype".to_owned(),
        candidates => candidates.join(", "),
    }
}

fn held_against(candidates: &[String]) -> String {
    match candidates {
        [] => String::new(),
        candidates => format!(", {} included", candidates.join(" and ")),
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

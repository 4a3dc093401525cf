//! Everything that can go wrong between a hook's name and its context struct.

use std::fmt;
use std::path::PathBuf;

use crate::btf::BtfError;
use crate::btf::DumpError;
use crate::hook::Family;
use crate::hook::Hook;
use crate::kernel::Origin;
use crate::layout::Unsupported;

/// Why there is no context struct.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A SEC name's section is none of libbpf's that ctxgen has contexts for.
    #[error(
        "`{name}` is of no hook family that ctxgen knows; a hook is written as libbpf's SEC() name, \
         with one of these sections: {}",
        sections()
    )]
    UnknownFamily {
        /// As it was given.
        name: String,
    },
    /// A SEC name without anything behind its section.
    #[error("`{name}` names no target: write `{section}/<target>`")]
    NoTarget {
        /// As it was given.
        name: String,
        /// Its section.
        section: &'static str,
    },
    /// A hook's target that no kernel can have.
    #[error("`{target}` cannot be the target of a `{family}` hook: it is not a C identifier")]
    BadTarget {
        /// The family.
        family: &'static str,
        /// What was given as its target.
        target: String,
    },
    /// A file could not be read.
    #[error("cannot read kernel BTF from {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: std::io::Error,
    },
    /// The running kernel shows no BTF.
    #[error(
        "the running kernel has no BTF at {}: {error}. It is there when the kernel was built with \
         CONFIG_DEBUG_INFO_BTF=y and /sys is mounted; otherwise give the target kernel's BTF as a \
         file", path.display()
    )]
    NoRunningBtf {
        /// Where it would be.
        path: PathBuf,
        /// The system's reason.
        #[source]
        error: std::io::Error,
    },
    /// A file is an ELF file without BTF.
    #[error(
        "{} is an ELF file without a .BTF section: the kernel was built without \
         CONFIG_DEBUG_INFO_BTF", path.display()
    )]
    NoBtfSection {
        /// The file.
        path: PathBuf,
    },
    /// A file is an ELF file that cannot be read as one.
    #[error("{} starts like an ELF file but cannot be read as one: {error}", path.display())]
    BadElf {
        /// The file.
        path: PathBuf,
        /// The parser's reason.
        #[source]
        error: object::Error,
    },
    /// The bytes are not BTF.
    #[error("{origin} cannot be used as BTF: {error}")]
    BadBtf {
        /// Where the bytes came from.
        origin: Origin,
        /// What is wrong with them.
        #[source]
        error: BtfError,
    },
    /// The kernel has no such hook.
    #[error(
        "{origin} has no hook `{hook}`: looked for {}{}", tried.join(", "), did_you_mean(nearest)
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
    /// The hook is there, but no program can attach to it, or none can be given a context.
    #[error("no program can attach to `{hook}`: {reason}")]
    Unsupported {
        /// What was asked for.
        hook: Hook,
        /// Why not.
        reason: Unsupported,
    },
    /// A name in BTF that must not reach generated code.
    #[error("{origin} has a name that is not a C identifier: {name:?} ({place})")]
    BadName {
        /// Where the BTF came from.
        origin: Origin,
        /// The name.
        name: String,
        /// What bears it.
        place: String,
    },
    /// Types could not be written in C.
    #[error("{origin}: {error}")]
    Dump {
        /// Where the BTF came from.
        origin: Origin,
        /// Why not.
        #[source]
        error: DumpError,
    },
    /// A context BTF of our own making was refused; a bug in ctxgen.
    #[error("the context BTF on top of {origin} is refused: {error}; please report this")]
    Generated {
        /// The base.
        origin: Origin,
        /// What is wrong with it.
        #[source]
        error: BtfError,
    },
}

/// `main` prints an error it returns with `Debug`: that has to be readable too.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn sections() -> String {
    let all: Vec<_> = Family::all()
        .flat_map(|family| family.sections().iter().copied())
        .collect();
    all.join(", ")
}

fn did_you_mean(nearest: &[String]) -> String {
    match nearest {
        [] => String::new(),
        names => format!(". Similar names: {}", names.join(", ")),
    }
}

fn indented(lines: &[String]) -> String {
    lines.iter().map(|line| format!("\n    {line}")).collect()
}

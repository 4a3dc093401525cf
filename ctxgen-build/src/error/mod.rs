//! Everything that can go wrong in a build.
//!
//! A cause is told once, in the sentence: the errors have no chain of sources, since `main` prints what it
//! returns without one.

mod name;
mod texts;

use std::fmt;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Drift;
use ctxgen::text;

pub use self::name::NoName;
use self::texts::advice;
use self::texts::advices;
pub(crate) use self::texts::advised;
use self::texts::differences;
use self::texts::lines;
use self::texts::linking;
use self::texts::longer;
use self::texts::missing;
use self::texts::of;
use self::texts::places;
use crate::display::listed;
use crate::findings::Mismatch;
use crate::findings::Misread;
use crate::findings::Place;
use crate::findings::Refused;
use crate::findings::Site;

/// The oldest major version of clang that is accepted: the first whose CO-RE relocations and BTF
/// libbpf's headers rely on (`bpf_core_read.h` needs `__builtin_preserve_enum_value`).
pub(crate) const OLDEST_CLANG: u32 = 11;

/// Why the BPF programs were not built.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No source was given.
    #[error("there is nothing to build: name a BPF C file with Builder::source")]
    NoSources,
    /// An object of several sources was given none.
    #[error("the object `{0}` has no sources: name BPF C files with Builder::object")]
    NoSourcesOf(String),
    /// An object has a name that nothing can be called by.
    #[error("{0}")]
    NoName(NoName),
    /// Two objects would write the same files.
    #[error(
        "{} and {} would both become `{name}`, the name that Builder::object gives or the file name has \
         before its first dot: give one of them another name with Builder::source_as or Builder::obj_as",
        first.display(), second.display()
    )]
    SameName {
        /// What both would be called.
        name: String,
        /// The first source of the one, or its ready-made object.
        first: PathBuf,
        /// That of the other.
        second: PathBuf,
    },
    /// A variable that cargo sets for build scripts is missing.
    #[error(
        "{0} is not set: outside of a build script, give Builder::out_dir and Builder::target, and \
         call Builder::generate"
    )]
    NotABuildScript(&'static str),
    /// A source or header cannot be read.
    #[error("cannot read {}: {error}{}", path.display(), missing(error))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {error}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// No kernel BTF was found.
    #[error(
        "no kernel BTF was found for {target}. Tried, in this order:{}\nName the target kernel's BTF \
         with Builder::btf or CTXGEN_BTF: a copy of its /sys/kernel/btf/vmlinux, a vmlinux with debug \
         information, or a kernel image (with the feature `images`)",
        places(tried)
    )]
    NoBtf {
        /// The target triple.
        target: String,
        /// Each place, and why it did not serve.
        tried: Vec<Place>,
    },
    /// A pinned BTF may not cover the sources any more.
    #[error(
        "{error}\n{} is a pinned BTF{}: it has only the types that the sources reached when it was made. \
         If that is the reason, renew it in the package's folder; VMLINUX is the BTF, the vmlinux or an \
         image of the target kernel:\n    {renew}", pinned.display(), of(kernel)
    )]
    Stale {
        /// The pinned BTF, relative to the package's folder where it is in that.
        pinned: PathBuf,
        /// The kernel that it is of, where that is known.
        kernel: Option<String>,
        /// The command that makes it anew.
        renew: String,
        /// What does not work with it.
        error: Box<Self>,
    },
    /// Nothing tells by which name a pinned BTF is found.
    #[error(
        "{origin} does not tell its architecture, which would be the name of the pinned BTF: name a file, \
         not a folder"
    )]
    NoArch {
        /// Where the BTF is from.
        origin: ctxgen::Origin,
    },
    /// The BTF is there but cannot be used.
    #[error("{} (from {place})", advised(error))]
    Btf {
        /// Who named it.
        place: &'static str,
        /// What is wrong.
        error: Box<ctxgen::Error>,
    },
    /// The BTF is of a kernel for another architecture.
    #[error(
        "{origin} is the BTF of a kernel for {arch}, and the build is for {target}: contexts and libbpf's \
         headers would be for another machine. Name a kernel for {target}, or build for \
         {arch} with Builder::target(\"{machine}-unknown-linux-gnu\")"
    )]
    Architecture {
        /// Where the BTF is from.
        origin: ctxgen::Origin,
        /// What it is for.
        arch: ctxgen::Arch,
        /// That with its byte order, as target triples begin with it.
        machine: &'static str,
        /// The target triple.
        target: String,
    },
    /// A context struct that a source names cannot be made.
    #[error(
        "{site}: struct {name}: {}{}",
        advised(error),
        texts::placeholder(error)
    )]
    Context {
        /// Where it is named first.
        site: Site,
        /// The struct.
        name: String,
        /// Why not.
        error: Box<ctxgen::Error>,
    },
    /// A hook given by [`Builder::hook`](crate::Builder::hook) cannot be resolved.
    #[error("Builder::hook({hook:?}): {}", advised(error))]
    Hook {
        /// As it was given.
        hook: String,
        /// Why not.
        error: Box<ctxgen::Error>,
    },
    /// The kernels given by [`Builder::kernel`](crate::Builder::kernel) cannot share an object.
    #[error(
        "the kernels {first} and {other} are of different byte order, and one BPF object cannot serve \
         both: build one for each"
    )]
    ByteOrders {
        /// The first kernel's name.
        first: String,
        /// The one that differs.
        other: String,
    },
    /// Contexts differ among the kernels, and that was not to be, or cannot be.
    #[error("{}\n{}", differences(drifts), advice(*relocatable))]
    Drift {
        /// Each context that differs.
        drifts: Vec<Drift>,
        /// Whether the contexts are relocatable, so that one object could serve all kernels.
        relocatable: bool,
    },
    /// Headers could not be made.
    #[error("{}", advised(.0))]
    Render(Box<ctxgen::Error>),
    /// clang cannot be run.
    #[error(
        "cannot run clang as `{}`: {error}. BPF programs are compiled with clang {} or newer: \
         install it (Debian and Ubuntu: apt-get install clang), or name it with Builder::clang or \
         the CLANG variable", clang.display(), OLDEST_CLANG
    )]
    NoClang {
        /// The command.
        clang: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// clang hung, or wrote without end.
    #[error("clang (`{}`) was stopped: {error}{}", clang.display(), longer(error))]
    Stopped {
        /// The command.
        clang: PathBuf,
        /// Why.
        error: ctxgen::RunError,
    },
    /// The command is no clang, or one that does not say its version.
    #[error(
        "`{}` is not clang: asked for its version, it prints {said}. BPF programs are compiled with \
         clang {} or newer: name one with Builder::clang or the CLANG variable",
        clang.display(), OLDEST_CLANG
    )]
    NotClang {
        /// The command.
        clang: PathBuf,
        /// The first line of its answer, quoted, or how it ended without one.
        said: String,
    },
    /// clang is too old.
    #[error(
        "`{}` is clang {version}, and BPF programs with CO-RE need {} or newer; name a newer one with \
         Builder::clang or the CLANG variable", clang.display(), OLDEST_CLANG
    )]
    OldClang {
        /// The command.
        clang: PathBuf,
        /// Its major version.
        version: u32,
    },
    /// clang was built without the BPF target.
    #[error(
        "`{}` was built without the BPF target (`{} --print-targets` does not list it); install a \
         complete clang, or name one with Builder::clang or the CLANG variable",
        clang.display(), clang.display()
    )]
    NoBpfTarget {
        /// The command.
        clang: PathBuf,
    },
    /// clang refused a source.
    #[error("clang cannot compile {}:\n{}{}", source_file.display(), stderr.trim_end(), advices(advice))]
    Compile {
        /// The source.
        source_file: PathBuf,
        /// What clang wrote.
        stderr: String,
        /// What it writes without a limit of errors, where there are more than that.
        unlimited: Option<String>,
        /// What can be done about it, a sentence each.
        advice: Vec<String>,
    },
    /// Something went wrong after clang has compiled the sources, and clang had warned.
    #[error("{error}\n\nclang had warned:\n{}", warnings.trim_end())]
    Warned {
        /// What went wrong.
        error: Box<Self>,
        /// What clang wrote.
        warnings: String,
    },
    /// libbpf could not link the object.
    #[error(
        "libbpf cannot link what clang made of {}: {error}. It said:\n{said}{}",
        listed(sources),
        linking(sources, said)
    )]
    Link {
        /// The sources.
        sources: Vec<PathBuf>,
        /// The system's reason.
        error: std::io::Error,
        /// libbpf's reason.
        said: String,
    },
    /// The compiled object cannot be read back.
    #[error("cannot read the programs of {}: {reason}", listed(sources))]
    Object {
        /// The sources.
        sources: Vec<PathBuf>,
        /// Why not.
        reason: String,
    },
    /// Programs take another context than their SEC name gives them.
    #[error("{}", lines(.0))]
    Mismatch(Vec<Mismatch>),
    /// Programs use their contexts in ways that the target kernel's verifier refuses.
    #[error("{}", lines(.0))]
    Refused(Vec<Refused>),
    /// Programs read arguments that the target kernel does not have there, and
    /// [`Builder::deny_prototypes`](crate::Builder::deny_prototypes) makes that an error.
    #[error("{}", lines(.0))]
    Misread(Vec<Misread>),
    /// libbpf-cargo could not make the skeleton.
    #[error("cannot make the skeleton of {}: {reason}", object.display())]
    Skeleton {
        /// The object.
        object: PathBuf,
        /// libbpf-cargo's reason.
        reason: String,
    },
    /// bindgen could not make the bindings.
    #[error("cannot make Rust bindings of the contexts of {name}: {reason}")]
    Bindings {
        /// The source's name.
        name: String,
        /// bindgen's reason.
        reason: String,
    },
    /// No source of programs in Rust was given.
    #[cfg(feature = "rust-programs")]
    #[error("there are no programs in Rust: name a source with RustPrograms::source")]
    NoRustSources,
    /// A source is no Rust.
    #[cfg(feature = "rust-programs")]
    #[error("{site}: this cannot be read as Rust: {reason}")]
    RustSource {
        /// Where.
        site: Site,
        /// The parser's reason.
        reason: String,
    },
    /// The compiler's LLVM, and so bpf-linker's, may not read the accessors of contexts.
    #[cfg(feature = "rust-programs")]
    #[error(
        "`{}` has LLVM {version}, and bpf-linker needs LLVM {} or newer to read the accessors of contexts: \
         use a newer toolchain, and a bpf-linker that was built with the same LLVM",
        rustc.display(),
        ctxgen::render::rust_programs::LLVM_VERSIONS.start()
    )]
    OldLlvm {
        /// The compiler.
        rustc: PathBuf,
        /// Its LLVM's major version.
        version: u32,
    },
    /// The programs would have no relocations.
    #[cfg(feature = "rust-programs")]
    #[error(
        "the programs are compiled without debug information, and accesses to contexts cannot be relocated then: \
         set `debug = 2` in the profile, or pass -Cdebuginfo=2 to rustc"
    )]
    NoDebugInfo,
    /// The BTF is of a kernel of the other byte order than the programs' target.
    #[cfg(feature = "rust-programs")]
    #[error(
        "{origin} is the BTF of a {order}-endian kernel, and the programs are built for the other byte order: \
         build them for {}-unknown-none, or name another kernel",
        texts::bpf_target(order)
    )]
    BpfByteOrder {
        /// Where the BTF is from.
        origin: ctxgen::Origin,
        /// `little` or `big`.
        order: &'static str,
    },
    /// bindgen finds no libclang.
    #[error(
        "Rust bindings need libclang, which is not found: {0}. Install it (Debian and Ubuntu: \
         apt-get install libclang-dev), name its folder with LIBCLANG_PATH, or do without bindings \
         by building ctxgen-build with default-features = false"
    )]
    NoLibclang(String),
}

/// All that clang has to say of a source that it refuses.
pub(crate) fn all_said<'e>(stderr: &'e str, unlimited: &'e Option<String>) -> &'e str {
    unlimited.as_deref().unwrap_or(stderr)
}

impl Error {
    /// That a file cannot be read.
    pub(crate) fn read(path: &Path, error: io::Error) -> Self {
        Self::Read {
            // A relative path leaves it open where a file is missing.
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            error,
        }
    }

    /// The error with warnings of clang's, if there are any.
    pub(crate) fn after(self, warnings: Option<&str>) -> Self {
        match warnings {
            Some(warnings) => Self::Warned {
                error: Box::new(self),
                warnings: warnings.to_owned(),
            },
            None => self,
        }
    }
}

/// `main` prints an error it returns with `Debug`: that has to be readable too.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::terminal(&self.to_string()))
    }
}

/// Each step's error, as one of the library's.
macro_rules! from_steps {
    ($($error:ident),*) => {
        $(impl From<ctxgen::$error> for Error {
            fn from(error: ctxgen::$error) -> Self {
                Self::Render(Box::new(error.into()))
            }
        })*
    };
}

from_steps!(
    CompareError,
    ContextError,
    Error,
    HookError,
    KernelError,
    PinError,
    PrototypeError,
    RenderError
);

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;

    /// What prints an error prints the chain of its causes too, or does not: either way, each is there
    /// once.
    #[test]
    fn causes_are_told_once() {
        const CAUSE: &str = "the disk is gone";
        let io = || io::Error::other(CAUSE);
        let path = || PathBuf::from("file");
        let image = || ctxgen::ImageError::Read {
            path: path(),
            error: io(),
        };
        let library = || Box::new(ctxgen::Error::from(image()));
        let read = || Error::read(&path(), io());
        let all = [
            read(),
            Error::Write {
                path: path(),
                error: io(),
            },
            Error::Stale {
                pinned: path(),
                kernel: None,
                renew: String::new(),
                error: Box::new(read()),
            },
            Error::Btf {
                place: "Builder::btf",
                error: library(),
            },
            Error::Context {
                site: Site {
                    path: path(),
                    line: 1,
                },
                name: "a".to_owned(),
                error: library(),
            },
            Error::Hook {
                hook: "a".to_owned(),
                error: library(),
            },
            Error::Render(library()),
            Error::NoClang {
                clang: path(),
                error: io(),
            },
            Error::Stopped {
                clang: path(),
                error: ctxgen::RunError::Io(io()),
            },
            read().after(Some("careful")),
            Error::Link {
                sources: vec![path()],
                error: io(),
                said: String::new(),
            },
        ];
        for error in all {
            let mut told = error.to_string();
            let mut source = error.source();
            while let Some(cause) = source {
                told.push_str(&cause.to_string());
                source = cause.source();
            }
            assert_eq!(told.matches(CAUSE).count(), 1, "{told}");
        }
    }
}

//! Everything that can go wrong in a build.

use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Addition;
use ctxgen::Drift;
use ctxgen::text;

use crate::check::Mismatch;
use crate::kernel::Place;
use crate::refused::Refused;
use crate::scan::Site;

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
        "{} and {} would both become `{name}`, which their file names up to the first dot say, or \
         Builder::object: give one of them another name with Builder::source_as",
        first.display(), second.display()
    )]
    SameName {
        /// What both would be called.
        name: String,
        /// The first source of the one.
        first: PathBuf,
        /// The first source of the other.
        second: PathBuf,
    },
    /// A variable that cargo sets for build scripts is missing.
    #[error(
        "{0} is not set: outside of a build script, give Builder::out_dir and Builder::target, and \
         call Builder::generate"
    )]
    NotABuildScript(&'static str),
    /// A source or header cannot be read.
    #[error("cannot read {}: {error}", path.display())]
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
        "{error}\n{} is a pinned BTF{}: it has no more of that kernel than the sources reached when it \
         was made. If that is the reason, make it anew in the package's folder, VMLINUX being the BTF, \
         the vmlinux or an image of the kernel to build for:\n    {renew}", pinned.display(), of(kernel)
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
        "{origin} is the BTF of a kernel for {arch}, and the build is for {target}: contexts and \
         libbpf's headers would be another machine's. Name a kernel for {target}, or build for \
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
    #[error("{site}: struct {name}: {}", advised(error))]
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
         the CLANG variable", clang.display(), crate::clang::OLDEST
    )]
    NoClang {
        /// The command.
        clang: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// clang hung, or wrote without end.
    #[error("clang, as `{}`, was given up: {error}{}", clang.display(), longer(error))]
    Stopped {
        /// The command.
        clang: PathBuf,
        /// Why.
        error: ctxgen::RunError,
    },
    /// The command is no clang, or one that does not say its version.
    #[error(
        "`{}` is no clang: asked for its version, it says {said}. BPF programs are compiled with \
         clang {} or newer: name one with Builder::clang or the CLANG variable",
        clang.display(), crate::clang::OLDEST
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
         Builder::clang or the CLANG variable", clang.display(), crate::clang::OLDEST
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
    /// bindgen finds no libclang.
    #[error(
        "Rust bindings need libclang, which is not found: {0}. Install it (Debian and Ubuntu: \
         apt-get install libclang-dev), name its folder with LIBCLANG_PATH, or do without bindings \
         by building ctxgen-build with default-features = false"
    )]
    NoLibclang(String),
}

/// A name that no object can have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoName {
    /// That of a source.
    Source(PathBuf),
    /// One that was given.
    Given {
        /// As it was given.
        name: String,
        /// One that would do.
        nearest: Option<String>,
    },
}

impl fmt::Display for NoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(path) => write!(
                f,
                "{} does not say what its skeleton is to be called by: the part of its file name \
                 before the first dot has neither an ASCII letter nor a digit. Give it a name with \
                 Builder::source_as(\"name\", {path:?})",
                path.display()
            ),
            Self::Given {
                name,
                nearest: Some(nearest),
            } => write!(
                f,
                "no object can be called {name:?}: its name has to be an identifier of ASCII \
                 characters; `{nearest}` would be one"
            ),
            Self::Given { name, .. } => write!(
                f,
                "no object can be called {name:?}: its name has to be an identifier with an ASCII \
                 letter or a digit in it"
            ),
        }
    }
}

/// All that clang has to say of a source that it refuses.
pub(crate) fn all_said<'e>(stderr: &'e str, unlimited: &'e Option<String>) -> &'e str {
    unlimited.as_deref().unwrap_or(stderr)
}

impl Error {
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

fn places(tried: &[Place]) -> String {
    tried.iter().map(|place| format!("\n  - {place}")).collect()
}

/// A path on one line, in which nothing controls a terminal.
pub(crate) fn shown(path: &Path) -> String {
    text::name(&path.to_string_lossy()).into_owned()
}

/// Paths as a text: `a.bpf.c, b.bpf.c and c.bpf.c`.
pub(crate) fn listed(sources: &[PathBuf]) -> String {
    let paths: Vec<String> = sources.iter().map(|path| shown(path)).collect();
    match &paths[..] {
        [paths @ .., last] if !paths.is_empty() => format!("{} and {last}", paths.join(", ")),
        _ => paths.concat(),
    }
}

/// Why sources may not be linked. Without a reason that is known, a source that is alone may not be BPF.
fn linking(sources: &[PathBuf], said: &str) -> &'static str {
    if said.contains("relocation against STT_SECTION in non-exec section") {
        "\nA variable starts with the address of a string or of another variable, as in `const char *name = \
         \"x\"`: nothing sets it when the object is loaded. Make it an array (`const char name[] = \"x\"`), or \
         assign it in a program."
    } else if sources.len() <= 1 {
        "\nWere arguments given to clang that make it no BPF object with BTF?"
    } else {
        ""
    }
}

/// What to do where clang has not ended in time.
fn longer(error: &ctxgen::RunError) -> &'static str {
    match error {
        ctxgen::RunError::Timeout(_) => {
            "; where that is too short, give it longer with Builder::clang_timeout, or where that is \
             not called, with more seconds in the CTXGEN_CLANG_TIMEOUT variable"
        }
        _ => "",
    }
}

fn of(kernel: &Option<String>) -> String {
    let of = |kernel| format!(" of {kernel}");
    kernel.as_ref().map(of).unwrap_or_default()
}

fn differences(all: &[Drift]) -> String {
    let texts: Vec<_> = all.iter().map(ToString::to_string).collect();
    texts.join("\n")
}

fn advice(relocatable: bool) -> &'static str {
    match relocatable {
        true => "Builder::deny_drift makes that an error",
        false => {
            "An object with fixed contexts cannot serve all of these kernels: make them relocatable \
             with Builder::relocatable(true), or build one object for each kernel"
        }
    }
}

fn advices(advice: &[String]) -> String {
    advice.iter().map(|line| format!("\n{line}")).collect()
}

fn lines(all: &[impl fmt::Display]) -> String {
    let lines: Vec<_> = all.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// The error, with what gives the builder what it asks for.
pub(crate) fn advised(error: &ctxgen::Error) -> String {
    match error.asks_for() {
        Some(Addition::Module) => format!("{error} (Builder::module)"),
        Some(Addition::Program) => format!("{error} (Builder::user)"),
        Some(Addition::Formats) => format!("{error} (Builder::formats)"),
        _ => error.to_string(),
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

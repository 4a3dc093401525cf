//! How results leave the command.

use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::StdoutLock;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;

use ctxgen::Addition;
use ctxgen::render::Report;
use ctxgen::text::name;
use ctxgen::text::terminal;

/// Why the command fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}", advised(.0))]
    Ctxgen(ctxgen::Error),
    #[error(
        "{}: no kernel is called {}: name it as the table does, or by --btf NAME=PATH",
        shown(Path::new(argument)),
        name(kernel)
    )]
    NoSuchKernel { kernel: String, argument: String },
    #[error(
        "{}: there are several kernels, and it belongs to one: say KERNEL=PATH, with the kernel's name in the \
         table",
        shown(Path::new(.0))
    )]
    WhichKernel(String),
    #[error("cannot write the output: {0}")]
    Io(#[from] std::io::Error),
    #[error("cannot write {}: {error}", shown(path))]
    Write {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error(
        "cannot run clang as `{}`: {error}. Sources are preprocessed with it: install it, or name it with \
         the CLANG variable",
        shown(clang)
    )]
    NoClang {
        clang: PathBuf,
        error: std::io::Error,
    },
    #[error("clang, as `{}`, was given up: {error}{}", shown(clang), longer(error))]
    Stopped {
        clang: PathBuf,
        error: ctxgen::RunError,
    },
    #[error("{}:{line}: struct {name}: {}", shown(path), advised(error))]
    Context {
        path: PathBuf,
        line: usize,
        name: String,
        error: Box<ctxgen::Error>,
    },
    #[error("clang cannot preprocess {}:\n{}", shown(path), stderr.trim_end())]
    Preprocess { path: PathBuf, stderr: String },
    #[error(
        "nothing in {origin} tells its architecture, by which the pinned BTF would be called: give \
         --output a file, not a folder"
    )]
    NoArch { origin: ctxgen::Origin },
    #[error("there is nothing to compare: name two or more kernels with --btf")]
    OneKernel,
    #[error(
        "a fixed layout is for one kernel: with more than one --btf, ask for --relocatable contexts"
    )]
    SeveralKernels,
    #[error("cannot read {}: {error}", shown(path))]
    Read {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("{}: {}", shown(path), advised(error))]
    Object {
        path: PathBuf,
        error: Box<ctxgen::Error>,
    },
    #[error("there is no BPF object in any of the files and folders that were named")]
    NoObjects,
    #[error("there is no kernel BTF below {}, nor in it", shown(.0))]
    NoKernels(PathBuf),
    #[error("none of the kernels is of {0}, as far as their BTF tells")]
    NoArchKernels(ctxgen::Arch),
    #[error(
        "the name of {} does not tell a form of report: name it FORM=FILE, where FORM is one of {forms}, \
         or end the file's name in one of {ends}",
        shown(path)
    )]
    NoForm {
        path: PathBuf,
        forms: String,
        ends: String,
    },
    #[error(
        "{} is no baseline that this version reads: {why}. Write it again with --write-baseline",
        shown(path)
    )]
    Baseline { path: PathBuf, why: String },
    #[error("`{0}` is no hook family; those there are: {1}")]
    NoFamily(String, String),
}

/// Each step's error, as one of the library's.
macro_rules! from_steps {
    ($($error:ident),*) => {
        $(impl From<ctxgen::$error> for Failure {
            fn from(error: ctxgen::$error) -> Self {
                Self::Ctxgen(error.into())
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
    RenderError,
    TracefsError
);

/// The error, with the option that what it asks for is given by.
pub(crate) fn advised(error: &ctxgen::Error) -> String {
    match error.asks_for() {
        Some(Addition::Module) => format!("{error} (--module FILE)"),
        Some(Addition::Program) => format!("{error} (--user FILE)"),
        Some(Addition::Formats) => format!("{error} (--formats PATH)"),
        _ => error.to_string(),
    }
}

/// What goes to a terminal, or to where it may get to one: whole lines, in which nothing of what stands in
/// objects, BTF or file names controls it.
#[derive(Debug)]
pub(crate) struct Terminal<W: Write> {
    out: W,
    line: Vec<u8>,
}

/// The command's output.
pub(crate) fn stdout() -> Terminal<BufWriter<StdoutLock<'static>>> {
    Terminal::new(BufWriter::new(std::io::stdout().lock()))
}

/// The command's messages. What cannot be written there can be told nowhere.
pub(crate) fn message(text: &str) {
    let mut out = Terminal::new(std::io::stderr().lock());
    let _ = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
}

/// What clap has to say: help, the version, or what is wrong with the arguments, which it repeats.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if error.use_stderr() {
        message(&text);
    } else {
        let mut out = stdout();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

impl<W: Write> Terminal<W> {
    fn new(out: W) -> Self {
        let line = Vec::new();
        Self { out, line }
    }

    fn end(&mut self) -> std::io::Result<()> {
        let line = String::from_utf8_lossy(&self.line);
        self.out.write_all(terminal(&line).as_bytes())?;
        self.line.clear();
        Ok(())
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.end()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.end()?;
        self.out.flush()
    }
}

/// A line on the terminal that says how far something is; nothing where messages go elsewhere.
pub(crate) struct Progress {
    /// What there are several of.
    what: &'static str,
    all: usize,
    done: Mutex<usize>,
    is_shown: bool,
}

impl Progress {
    /// Of so many.
    pub(crate) fn new(what: &'static str, all: usize) -> Self {
        Self {
            what,
            all,
            done: Mutex::new(0),
            is_shown: std::io::stderr().is_terminal(),
        }
    }

    /// One more is done.
    pub(crate) fn step(&self) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        if self.is_shown {
            let mut out = std::io::stderr().lock();
            // Nothing depends on it.
            let _ = write!(out, "\r{} of {} {}", *done, self.all, self.what);
            let _ = out.flush();
        }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        if self.is_shown {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }
}

/// A path for a line.
pub(crate) fn shown(path: &Path) -> String {
    name(&path.to_string_lossy()).into_owned()
}

/// Writes a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, bytes).map_err(|error| Failure::Write {
        path: path.to_owned(),
        error,
    })
}

/// A report as one line of JSON.
pub(crate) fn json(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, report)?;
    out.write_all(b"\n")
}

/// What to do where clang has not ended in time.
fn longer(error: &ctxgen::RunError) -> &'static str {
    match error {
        ctxgen::RunError::Timeout(_) => {
            "; where that is too short, set the variable CTXGEN_CLANG_TIMEOUT to more seconds"
        }
        _ => "",
    }
}

//! How results leave the command.

use std::fs::Permissions;
use std::io::BufWriter;
use std::io::IsTerminal;
use std::io::StdoutLock;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;

use ctxgen::Addition;
use ctxgen::text::name;
use ctxgen::text::terminal;
use serde::Serialize;

use crate::style;
use crate::style::Style;

/// Why the command fails.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("{}", advised(.0))]
    Ctxgen(ctxgen::Error),
    #[error(
        "{}: no kernel has the name {}: use a name from the table, or set one with --btf NAME=PATH",
        shown(Path::new(argument)),
        name(kernel)
    )]
    NoSuchKernel { kernel: String, argument: String },
    #[error(
        "{}: there are several kernels: name the one that it belongs to with KERNEL=PATH, as in the table",
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
    #[error("{}", crate::words::of_command(&.0.to_string()))]
    Build(Box<ctxgen_build::Error>),
    #[error(
        "cannot run clang as `{}`: {error}. ctxgen preprocesses sources with it: install it, or name it with \
         the CLANG variable",
        shown(clang)
    )]
    NoClang {
        clang: PathBuf,
        error: std::io::Error,
    },
    #[error("clang (`{}`) was stopped: {error}{}", shown(clang), longer(error))]
    Stopped {
        clang: PathBuf,
        error: ctxgen::RunError,
    },
    #[error("clang cannot compile {}:\n{}", shown(path), stderr.trim_end())]
    Compile { path: PathBuf, stderr: String },
    #[error(
        "libclang cannot be loaded: {0}. Install it (libclang1, clang-libs), or name its folder with the \
         LIBCLANG_PATH variable"
    )]
    NoLibclang(String),
    #[error("libclang cannot read {}", shown(.0))]
    Parse(PathBuf),
    #[error("{} is not UTF-8 text", shown(.0))]
    NoText(PathBuf),
    #[error("there is nothing to compare: name two or more kernels with --btf")]
    OneKernel,
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
        "the name of {} does not tell the format of the report: use one of the extensions {ends}, or write \
         FORM=FILE, where FORM is one of {forms}",
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
    #[error("{origin} has no {family}hook{}{advice}", named_like(pattern))]
    NoHooks {
        pattern: String,
        /// With a space behind it, or empty.
        family: String,
        origin: ctxgen::Origin,
        /// What to do; may be empty.
        advice: String,
    },
}

/// What is said of a pattern; nothing of none.
fn named_like(pattern: &str) -> String {
    match pattern {
        "" => String::new(),
        pattern => format!(" with `{}` in its name", name(pattern)),
    }
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

impl From<ctxgen_build::Error> for Failure {
    fn from(error: ctxgen_build::Error) -> Self {
        Self::Build(Box::new(error))
    }
}

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
    /// The line so far, by styles.
    line: Vec<(Option<Style>, Vec<u8>)>,
    has_styles: bool,
}

/// The command's output.
pub(crate) type Stdout = Terminal<BufWriter<StdoutLock<'static>>>;

/// The command's output.
pub(crate) fn stdout() -> Stdout {
    let out = std::io::stdout().lock();
    let has_styles = style::is_on(&out);
    Terminal::new(BufWriter::new(out), has_styles)
}

/// The command's messages. What cannot be written there can be told nowhere.
pub(crate) fn message(text: &str) {
    said(None, text);
}

/// Why the command fails.
pub(crate) fn error(failure: &Failure) {
    said(Some(("error:", Style::Bad)), &format!(" {failure}"));
}

/// What may be wrong.
pub(crate) fn warning(text: &str) {
    said(Some(("warning:", Style::Doubtful)), &format!(" {text}"));
}

fn said(start: Option<(&str, Style)>, text: &str) {
    let out = std::io::stderr().lock();
    let has_styles = style::is_on(&out);
    let mut out = Terminal::new(out, has_styles);
    if let Some((start, style)) = start {
        out.styled(style, start);
    }
    let _ = writeln!(out, "{}", text.trim_end_matches('\n')).and_then(|()| out.flush());
}

/// What clap has to say: help, the version, or what is wrong with the arguments, which it repeats.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let text = error.render();
    if error.use_stderr() {
        let out = std::io::stderr().lock();
        let has_styles = style::is_on(&out);
        of_clap(Terminal::new(out, has_styles), &text);
    } else {
        of_clap(stdout(), &text);
    }
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// A text of clap's, whose own styles are kept unless an argument that it repeats may have some too.
fn of_clap<W: Write>(mut out: Terminal<W>, text: &clap::builder::StyledStr) {
    let is_control = |byte: &u8| matches!(byte, 0x1b | 0x9b);
    let mut arguments = std::env::args_os();
    let is_plain = !out.has_styles
        || arguments.any(|argument| argument.as_encoded_bytes().iter().any(is_control));
    // What cannot be written there can be told nowhere.
    let _ = match is_plain {
        true => out.write_all(text.to_string().trim_end_matches('\n').as_bytes()),
        false => out
            .out
            .write_all(text.ansi().to_string().trim_end_matches('\n').as_bytes()),
    };
    let _ = out.write_all(b"\n").and_then(|()| out.flush());
}

impl<W: Write> Terminal<W> {
    fn new(out: W, has_styles: bool) -> Self {
        let line = Vec::new();
        Self {
            out,
            line,
            has_styles,
        }
    }

    /// Writes a text in a style.
    pub(crate) fn styled(&mut self, style: Style, text: &str) {
        for (number, part) in text.split('\n').enumerate() {
            if number > 0 {
                self.append(None, b"\n");
            }
            self.append(Some(style), part.as_bytes());
        }
    }

    fn append(&mut self, style: Option<Style>, bytes: &[u8]) {
        match self.line.last_mut() {
            Some((last, text)) if *last == style => text.extend_from_slice(bytes),
            _ => self.line.push((style, bytes.to_vec())),
        }
    }

    fn end(&mut self) -> std::io::Result<()> {
        for (style, text) in std::mem::take(&mut self.line) {
            let text = String::from_utf8_lossy(&text);
            let text = terminal(&text);
            match style.filter(|_| self.has_styles) {
                Some(style) => write!(self.out, "{}{text}{}", style.on(), style::OFF)?,
                None => self.out.write_all(text.as_bytes())?,
            }
        }
        Ok(())
    }
}

impl<W: Write> Write for Terminal<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.append(None, part);
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

/// Writes a file, so that it is either as it was or as it is to be. A symbolic link is followed: whoever names
/// one means the file. What is no file, such as `/dev/stdout`, is written to.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let path = &std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = std::fs::metadata(path);
    let written = match &old {
        Ok(old) if !old.is_file() => std::fs::write(path, bytes),
        _ => replace(path, bytes, old.ok().map(|old| old.permissions())),
    };
    written.map_err(|error| Failure::Write {
        path: path.to_owned(),
        error,
    })
}

fn replace(path: &Path, bytes: &[u8], permissions: Option<Permissions>) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".ctxgen-")
        // As other files are made: the umask takes from it what is not wanted.
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
        // What was there is not lost where the machine stops before the new text is on the disk.
        file.as_file().sync_all()?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Writes a file, in a folder that is made where it is missing.
pub(crate) fn write_in_folder(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|error| Failure::Write {
            path: folder.to_owned(),
            error,
        })?;
    }
    write(path, bytes)
}

/// A value as one line of JSON.
pub(crate) fn json(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
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

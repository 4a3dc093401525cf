//! Everything that can go wrong, each as a sentence that says what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::process::ExitStatus;

use crate::debian::Advice;
use crate::vm;

/// What ended a subcommand.
#[derive(Debug)]
pub(crate) enum Error {
    /// No subcommand of that name.
    UnknownSubcommand {
        given: String,
        nearest: Option<String>,
    },
    /// A subcommand was given an option that it does not have.
    UnknownOption {
        subcommand: &'static str,
        given: String,
        nearest: Option<String>,
        known: String,
    },
    /// A subcommand was given a word where it takes none.
    UnexpectedArgument {
        subcommand: &'static str,
        given: String,
    },
    /// An option without its value, or with one that it does not take.
    Arguments {
        subcommand: &'static str,
        complaint: String,
    },
    /// Two things on the command line that cannot both be meant.
    Conflict {
        subcommand: &'static str,
        what: &'static str,
    },
    /// A BTF file named by the user cannot be read.
    Btf { path: PathBuf, source: io::Error },
    /// The machine has no kernel BTF, none was given, and none is shipped for its architecture.
    NoBtf {
        running: &'static str,
        shipped: PathBuf,
    },
    /// Things that are needed are not on this machine.
    Missing(Advice),
    /// `--setup` on a machine whose packages it does not know.
    NotDebian { system: String, advice: Advice },
    /// `--setup` by somebody who may not install packages.
    NotRoot(Advice),
    /// `--setup` has run, and still not all is there.
    StillMissing(Advice),
    /// A command could not be started at all.
    Start { command: String, source: io::Error },
    /// A command ended with something other than success.
    Failed { command: String, status: ExitStatus },
    /// The sample programs did not come out for some of the kernels.
    Kernels { failed: Vec<String>, of: usize },
    /// Something about virtual machines.
    Vm(vm::Error),
    /// Some of the steps of `test` did not pass.
    Steps { failed: Vec<&'static str> },
}

impl Error {
    /// 2 for a command line that makes no sense, 1 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::UnknownSubcommand { .. }
            | Self::UnknownOption { .. }
            | Self::UnexpectedArgument { .. }
            | Self::Arguments { .. }
            | Self::Conflict { .. } => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownSubcommand { given, nearest } => {
                write!(f, "there is no subcommand `{given}`;{}", meant(nearest))?;
                write!(f, " `cargo xtask help` lists them all")
            }
            Self::UnknownOption {
                subcommand,
                given,
                nearest,
                known,
            } => {
                write!(f, "`cargo xtask {subcommand}` has no option `{given}`;")?;
                write!(f, "{} its options are {known}", meant(nearest))
            }
            Self::UnexpectedArgument { subcommand, given } => write!(
                f,
                "`cargo xtask {subcommand}` does not take `{given}`; \
                 see `cargo xtask help {subcommand}`"
            ),
            Self::Arguments {
                subcommand,
                complaint,
            } => write!(f, "{complaint}; see `cargo xtask help {subcommand}`"),
            Self::Conflict { subcommand, what } => {
                write!(f, "{what}; see `cargo xtask help {subcommand}`")
            }
            Self::Btf { path, source } => {
                write!(f, "cannot read the BTF in {}: {source}", path.display())
            }
            Self::NoBtf { running, shipped } => write!(
                f,
                "this machine's kernel has no BTF ({running} cannot be read), and none is shipped \
                 for its architecture ({} is not there); name one with --btf PATH or in CTXGEN_BTF",
                shipped.display()
            ),
            Self::Missing(advice) => write!(
                f,
                "not everything that is needed is here:\n{advice}\n\
                 `{}` installs what is missing on Debian; by hand that is\n{}",
                advice.setup(),
                advice.by_hand()
            ),
            Self::NotDebian { system, advice } => write!(
                f,
                "--setup installs packages on Debian and its relatives only, and this is {system}. \
                 What is missing here:\n{advice}\n\
                 Debian's packages of it are {}; install what they are called there",
                advice.packages().join(", ")
            ),
            Self::NotRoot(advice) => write!(
                f,
                "--setup installs packages, which takes root, and there is no sudo here. \
                 What is missing:\n{advice}\nLet root run\n{}",
                advice.by_hand()
            ),
            Self::StillMissing(advice) => write!(
                f,
                "--setup has run, and still not everything is here:\n{advice}\n\
                 What should have brought it:\n{}",
                advice.by_hand()
            ),
            Self::Start { command, source } => write!(f, "cannot start `{command}`: {source}"),
            Self::Failed { command, status } => write!(f, "`{command}` ended with {status}"),
            Self::Kernels { failed, of } => write!(
                f,
                "{} of {of} kernels failed, see above: {}",
                failed.len(),
                failed.join(", ")
            ),
            Self::Vm(error) => error.fmt(f),
            Self::Steps { failed } => write!(f, "not passed: {}", failed.join(", ")),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Vm(error) => error.source(),
            Self::Btf { source, .. } | Self::Start { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl From<vm::Error> for Error {
    fn from(error: vm::Error) -> Self {
        Self::Vm(error)
    }
}

fn meant(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!(" did you mean `{nearest}`?"),
        None => String::new(),
    }
}

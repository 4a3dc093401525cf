//! Everything that can go wrong, each as a sentence that says what to do.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::process::ExitStatus;

use crate::debian::Advice;
use crate::vm;

/// What ended a subcommand.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// An option with a value that it does not take, or beside one that it does not go with.
    #[error("{complaint}; see `cargo xtask help {subcommand}`")]
    Arguments {
        subcommand: &'static str,
        complaint: String,
    },
    /// A BTF file named by the user cannot be read.
    #[error("cannot read the BTF in {}: {source}", path.display())]
    Btf { path: PathBuf, source: io::Error },
    /// The machine has no kernel BTF, none was given, and none is shipped for its architecture.
    #[error(
        "this machine's kernel has no BTF ({running} cannot be read), and none is shipped for its \
         architecture ({} is not there); name one with --btf PATH or in CTXGEN_BTF",
        shipped.display()
    )]
    NoBtf {
        running: &'static str,
        shipped: PathBuf,
    },
    /// Things that are needed are not on this machine.
    #[error(
        "not everything that is needed is here:\n{0}\n\
         `{setup}` installs what is missing on Debian; by hand that is\n{by_hand}",
        setup = .0.setup(),
        by_hand = .0.by_hand()
    )]
    Missing(Advice),
    /// `--setup` on a machine whose packages it does not know.
    #[error(
        "--setup installs packages on Debian and its relatives only, and this is {system}. \
         What is missing here:\n{advice}\n\
         Debian's packages of it are {}; install what they are called there",
        advice.packages().join(", ")
    )]
    NotDebian { system: String, advice: Advice },
    /// `--setup` without the right to install packages.
    #[error(
        "--setup installs packages, which takes root, and there is no sudo here. \
         What is missing:\n{0}\nLet root run\n{by_hand}",
        by_hand = .0.by_hand()
    )]
    NotRoot(Advice),
    /// `--setup` has run, and still not all is there.
    #[error(
        "--setup has run, and still not everything is here:\n{0}\n\
         What should have brought it:\n{by_hand}",
        by_hand = .0.by_hand()
    )]
    StillMissing(Advice),
    /// A command could not be started at all.
    #[error("cannot start `{command}`: {source}")]
    Start { command: String, source: io::Error },
    /// A command ended with something other than success.
    #[error("`{command}` ended with {status}")]
    Failed { command: String, status: ExitStatus },
    /// The sample programs did not come out for some of the kernels.
    #[error("{} of {of} kernels failed, see above: {}", failed.len(), failed.join(", "))]
    Kernels { failed: Vec<String>, of: usize },
    /// A file of the command cannot be installed.
    #[error("cannot install {}: {source}; another folder can be named with --prefix", path.display())]
    Install { path: PathBuf, source: io::Error },
    /// What fuzzing takes is not there.
    #[error("fuzzing takes what is missing here: {}", missing.join(", and "))]
    NoFuzzer { missing: Vec<&'static str> },
    /// Inputs were found that something goes wrong with.
    #[error(
        "something goes wrong with inputs of {}; they are in {}: mend it, and put each into tests/fuzz/crashers",
        targets.join(", "),
        folder.display()
    )]
    Fuzzed {
        targets: Vec<String>,
        folder: PathBuf,
    },
    /// A file or folder of the workspace that a subcommand works with.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    /// A crate's lock file changed when ctxgen was added.
    #[error("a crate that adds ctxgen loses what its lock file had: {}", changed.join(", "))]
    Locks { changed: Vec<String> },
    /// Something about virtual machines.
    #[error(transparent)]
    Vm(#[from] vm::Error),
    /// Some of the steps of `test` did not pass.
    #[error("not passed: {}", failed.join(", "))]
    Steps { failed: Vec<&'static str> },
}

impl Error {
    /// 2 for a command line that makes no sense, 1 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Arguments { .. } => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

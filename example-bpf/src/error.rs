//! What can go wrong in a sample.

use std::io;

use crate::Refusal;

/// What can go wrong in a sample.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The kernel, or libbpf on its behalf, did not take a program.
    #[error(transparent)]
    Refused(#[from] Box<Refusal>),

    /// The kernel does not have what a program needs.
    #[error(transparent)]
    Ctxgen(#[from] ctxgen::Error),

    /// A call to libbpf failed for another reason.
    #[error("cannot {what}: {source:#}")]
    Bpf {
        /// What was tried.
        what: &'static str,
        /// libbpf's reason.
        source: libbpf_rs::Error,
    },

    /// libbpf could not map the program's global variables.
    #[error("the program's global variables are out of reach: that takes Linux 5.5 or later")]
    NoGlobals,

    /// The output could not be written.
    #[error("cannot write the output: {0}")]
    Output(#[source] io::Error),

    /// The iterator's output could not be read.
    #[error("cannot read what the program wrote: {0}")]
    Iterator(#[source] io::Error),

    /// What the program wrote is not a whole number of records.
    #[error("the program wrote {0} bytes, which is no whole number of records")]
    Torn(usize),

    /// No handler for Ctrl-C could be set up.
    #[error("cannot set up the handler for Ctrl-C: {0}")]
    Signal(#[from] ctrlc::Error),

    /// Arguments did not arrive in the program as they were sent.
    #[error("{wrong} of {total} arguments did not arrive as they were sent")]
    Mismatch {
        /// How many arrived wrong.
        wrong: usize,
        /// How many were sent.
        total: usize,
    },

    /// A hook that `trace` cannot attach to.
    #[error(
        "`{hook}` cannot be traced; name a function or a tracepoint after one of {families}, as in fentry/vfs_unlink"
    )]
    NotTraced {
        /// The hook asked for.
        hook: String,
        /// What programs there are for.
        families: String,
    },

    /// There is no sample of that name.
    #[error("there is no sample `{name}`: it is one of {known}")]
    UnknownSample {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
}

impl From<Box<ctxgen::LoadError>> for Error {
    fn from(error: Box<ctxgen::LoadError>) -> Self {
        Self::Ctxgen(error.into())
    }
}

impl Error {
    /// Whether the reader of our output has gone, as `head` does when it has seen enough.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

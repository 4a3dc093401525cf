//! What can go wrong in a tracer.

use std::io;
use std::path::PathBuf;

use example_bpf::Failure;

/// What can go wrong in a tracer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// As in the tracers whose programs are in C.
    #[error(transparent)]
    Sample(#[from] example_bpf::Error),

    /// The object cannot be read.
    #[error("cannot read {}: {source}; compile the programs first", .path.display())]
    Read {
        /// The object.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },

    /// The object is not one of this tracer's.
    #[error("the object has no {0}: it is another tracer's")]
    Lacks(&'static str),

    /// aya, or the kernel that it asks, does not take something.
    #[cfg(feature = "aya")]
    #[error("cannot {what}: {}", chain(.source.as_ref()))]
    Aya {
        /// What was tried.
        what: String,
        /// aya's reason.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl From<Box<ctxgen::LoadError>> for Error {
    fn from(error: Box<ctxgen::LoadError>) -> Self {
        Self::Sample(error.into())
    }
}

impl Failure for Error {
    fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Sample(error) if Failure::is_broken_pipe(error))
    }
}

/// An error with its causes, which aya's leave out of their own words.
#[cfg(feature = "aya")]
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = text + ": " + &error.to_string();
        cause = error.source();
    }
    text
}

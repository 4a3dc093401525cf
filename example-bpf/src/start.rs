//! From arguments to an exit code.

use std::fmt::Display;
use std::process::ExitCode;

use clap::Parser;

use crate::Error;

/// What keeps a sample from going on.
pub trait Failure: Display {
    /// Whether the reader of our output has gone, as `head` does when it has seen enough.
    fn is_broken_pipe(&self) -> bool;
}

impl Failure for Error {
    fn is_broken_pipe(&self) -> bool {
        Self::is_broken_pipe(self)
    }
}

/// Parses the command line, runs `sample` with it and reports its error, if any, on stderr.
pub fn start<A: Parser, E: Failure>(sample: impl FnOnce(&A) -> Result<(), E>) -> ExitCode {
    let name = A::command().get_name().to_string();
    match sample(&A::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is_broken_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{name}: {error}");
            ExitCode::FAILURE
        }
    }
}

//! From arguments to an exit code.

use std::process::ExitCode;

use clap::Parser;

use crate::Error;

/// Parses the command line, runs `sample` with it and reports its error, if any, on stderr.
pub fn start<A: Parser>(sample: impl FnOnce(&A) -> Result<(), Error>) -> ExitCode {
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

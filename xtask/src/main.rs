//! `cargo xtask …`: everything in this workspace that is more than `cargo build`.
//!
//! It has to build and run before anything else is installed, so it depends on next to nothing, and
//! on none of the workspace's other crates.

mod args;
mod commands;
mod debian;
mod error;
mod kernel;
mod libclang;
mod machine;
mod needs;
mod privilege;
mod process;
mod vm;
mod workspace;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use crate::error::Error;

fn main() -> ExitCode {
    match dispatch(env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}

fn dispatch(arguments: impl Iterator<Item = OsString>) -> Result<(), Error> {
    let mut arguments = arguments;
    let Some(name) = arguments.next() else {
        return commands::help::print();
    };
    let name = name.to_string_lossy();
    let subcommand = commands::find(&name)?;
    (subcommand.run)(lexopt::Parser::from_args(arguments))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_subcommand_is_answered_with_the_nearest() {
        let error = dispatch(["tset".into()].into_iter()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no subcommand `tset`; did you mean `test`? `cargo xtask help` lists them all"
        );
    }

    #[test]
    fn no_arguments_and_help_are_no_errors() {
        for arguments in [vec![], vec!["help"], vec!["--help"], vec!["-h"]] {
            let arguments = arguments.into_iter().map(OsString::from);
            assert!(dispatch(arguments).is_ok());
        }
    }
}

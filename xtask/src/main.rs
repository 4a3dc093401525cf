//! `cargo xtask …`: everything in this workspace that is more than `cargo build`.
//!
//! It has to build and run before anything else is installed, so it depends on crates alone that
//! need nothing but cargo, and on none of the workspace's that do.

#![expect(
    clippy::doc_markdown,
    reason = "the documentation of arguments is the help text"
)]

mod commands;
mod debian;
mod error;
mod kernel;
mod machine;
mod needs;
mod privilege;
mod process;
mod vm;
mod workspace;

use std::process::ExitCode;

use clap::CommandFactory;
use clap::Parser;
use clap::Subcommand;

use crate::commands::bench::Bench;
use crate::commands::bpf::Bpf;
use crate::commands::corpus::Corpus;
use crate::commands::faults::Faults;
use crate::commands::fuzz::Fuzz;
use crate::commands::install::Install;
use crate::commands::locks::Locks;
use crate::commands::test::Test;
use crate::error::Error;
use crate::vm::Vm;

/// Everything in this workspace that is more than `cargo build`
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Option<Command>,
}

/// The subcommands: one module each.
#[derive(Debug, Subcommand)]
enum Command {
    Bpf(Bpf),
    Test(Test),
    Vm(Vm),
    Bench(Bench),
    Corpus(Corpus),
    Faults(Faults),
    Fuzz(Fuzz),
    Install(Install),
    Locks(Locks),
}

fn main() -> ExitCode {
    let done = match Xtask::parse().command {
        None => {
            print!("{}", Xtask::command().render_help());
            Ok(())
        }
        Some(command) => command.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit_code()
        }
    }
}

impl Command {
    fn run(self) -> Result<(), Error> {
        match self {
            Self::Bpf(bpf) => bpf.run(),
            Self::Test(test) => test.run(),
            Self::Vm(vm) => vm.run(),
            Self::Bench(bench) => bench.run(),
            Self::Corpus(corpus) => corpus.run(),
            Self::Faults(faults) => faults.run(),
            Self::Fuzz(fuzz) => fuzz.run(),
            Self::Install(install) => install.run(),
            Self::Locks(locks) => locks.run(),
        }
    }
}

/// What a subcommand's tests parse a command line with; what `clap` says is the error.
#[cfg(test)]
fn parsed<T: clap::FromArgMatches + clap::Args>(arguments: &[&str]) -> Result<T, clap::Error> {
    let command = T::augment_args(clap::Command::new("xtask").no_binary_name(true));
    T::from_arg_matches(&command.try_get_matches_from(arguments)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(arguments: &[&str]) -> String {
        let arguments = ["cargo xtask"].iter().chain(arguments);
        Xtask::try_parse_from(arguments).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_makes_sense() {
        Xtask::command().debug_assert();
    }

    #[test]
    fn no_arguments_are_no_error() {
        assert!(Xtask::parse_from(["cargo xtask"]).command.is_none());
    }

    #[test]
    fn what_is_misspelt_is_answered_with_the_nearest() {
        assert!(complaint(&["tset"]).contains("'test'"));
        assert!(complaint(&["bpf", "--noload"]).contains("'--no-load'"));
        assert!(complaint(&["test", "--stup"]).contains("'--setup'"));
        assert!(complaint(&["test", "ctxgen"]).contains("unexpected argument 'ctxgen'"));
    }

    #[test]
    fn help_has_all_subcommands_and_options() {
        let help = complaint(&["help"]);
        for name in [
            "bpf", "test", "vm", "bench", "faults", "fuzz", "install", "locks", "help",
        ] {
            assert!(help.contains(&format!("\n  {name} ")), "{help}");
            if name != "help" {
                assert!(complaint(&["help", name]).contains("--setup"));
            }
        }
    }
}

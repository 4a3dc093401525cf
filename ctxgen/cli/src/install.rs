//! What is installed beside the command: completions for shells, and manual pages.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::Cli;
use crate::output::Failure;
use crate::output::stdout;

const COMPLETIONS: &str = "\
Examples:
  ctxgen completions bash > ~/.local/share/bash-completion/completions/ctxgen
  ctxgen completions zsh > ~/.zfunc/_ctxgen
  ctxgen completions fish > ~/.config/fish/completions/ctxgen.fish";

const MAN: &str = "\
Examples:
  ctxgen man -o ~/.local/share/man/man1
  man ctxgen-header";

/// Print the completion script for a shell.
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "ctxgen", &mut script);
        let mut out = stdout();
        out.write_all(&script)?;
        out.flush()?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Write the manual pages of ctxgen and its sub-commands.
#[derive(Args, Debug)]
#[command(after_help = MAN)]
pub(crate) struct Man {
    /// The output directory; created if missing
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
}

impl Man {
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        let failed = |error| Failure::Write {
            path: self.output.clone(),
            error,
        };
        std::fs::create_dir_all(&self.output).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &self.output).map_err(failed)?;
        Ok(ExitCode::SUCCESS)
    }
}

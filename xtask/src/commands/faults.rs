//! `cargo xtask faults`: what is in the way of the command, many times over.

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::needs;
use crate::needs::User;
use crate::process;
use crate::workspace;
use crate::workspace::SUITE;

/// Fill disks, let system calls fail and kill commands many times, and check what is left
#[derive(Args, Debug)]
pub(crate) struct Faults {
    /// How many times longer than in `cargo xtask test` it goes on: 40 kills builds 240 times
    #[arg(long, value_name = "N", default_value_t = 40)]
    rounds: u32,
    /// Install what is missing: Debian packages
    #[arg(long)]
    setup: bool,
}

impl Faults {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        debian::provide("faults", &needs::of(&[User::Build, User::Test]), self.setup)?;
        let mut cargo = workspace::cargo();
        cargo.current_dir(workspace::root());
        cargo.args(["test", "--profile", SUITE, "--workspace", "--all-features"]);
        cargo.args(["--test", "faults", "--", "--nocapture"]);
        process::run(cargo.env("CTXGEN_ROUNDS", self.rounds.to_string()))
    }
}

//! `cargo xtask bench`: what builds and loading cost, beside what they cost without ctxgen.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::kernel;
use crate::needs;
use crate::needs::User;
use crate::process;
use crate::workspace;

/// Where the BTF of kernels is kept, from the workspace's root.
const BLOBS: &str = "../shared/kernels/btf";

/// Measure the cost of builds and loading with and without ctxgen, and print the ratios
#[derive(Args, Debug)]
pub(crate) struct Bench {
    /// Build for this kernel (default: the running one); more of them are listed
    #[arg(long, value_name = "FILE")]
    btf: Vec<PathBuf>,
    /// Also measure `ctxgen matrix` on the BPF objects in this folder or in its files
    #[arg(long, value_name = "FOLDER")]
    objects: Option<PathBuf>,
    /// Measure only that
    #[arg(long, requires = "objects")]
    matrix_only: bool,
    /// The number of runs of each (default: 7)
    #[arg(long, value_name = "N")]
    runs: Option<u32>,
    /// Install what is missing: Debian packages
    #[arg(long)]
    setup: bool,
}

impl Bench {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        let root = workspace::root();
        let needs = needs::of(&[User::Build, User::Test]);
        debian::provide("bench", &needs, self.setup)?;

        // The command as it is installed; the rest as build scripts are compiled.
        let command = ["build", "--release", "--package", "ctxgen-cli"];
        process::run(workspace::cargo().current_dir(&root).args(command))?;
        let target_dir = workspace::target_dir(&root);
        let mut bench = workspace::cargo();
        bench.current_dir(&root);
        bench.args(["run", "--package", "ctxgen-tests", "--bin", "bench", "--"]);
        if let Some(runs) = self.runs {
            bench.arg("--runs").arg(runs.to_string());
        }
        let btfs = match self.btf.is_empty() {
            true => default_btfs(&root),
            false => self.btf,
        };
        for btf in btfs {
            bench.arg("--btf").arg(btf);
        }
        if let Some(objects) = &self.objects {
            bench.arg("--objects").arg(objects);
        }
        if self.matrix_only {
            bench.arg("--matrix-only");
        }
        process::run(bench.arg(target_dir.join("release/ctxgen")))?;
        if self.matrix_only {
            return Ok(());
        }

        let load = ["bench", "--package", "ctxgen-tests", "--bench", "load"];
        process::run(workspace::cargo().current_dir(&root).args(load))
    }
}

/// The running kernel's BTF, and what others there are for the listing.
fn default_btfs(root: &Path) -> Vec<PathBuf> {
    let mut others: Vec<PathBuf> = fs::read_dir(root.join(BLOBS))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    others.sort();
    if others.is_empty() {
        println!("skipped: ctxgen list on kernels of different size: there is no {BLOBS}");
    }
    let running = PathBuf::from(kernel::RUNNING);
    running
        .exists()
        .then_some(running)
        .into_iter()
        .chain(others)
        .collect()
}

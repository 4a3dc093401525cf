//! `cargo xtask bench`: what builds and loading cost, beside what they cost without ctxgen.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use lexopt::Arg;
use lexopt::Parser;
use lexopt::ValueExt;

use super::Subcommand;
use super::help;
use crate::args;
use crate::debian;
use crate::error::Error;
use crate::kernel;
use crate::needs;
use crate::process;
use crate::workspace;

/// Where the BTF of kernels is kept, from the workspace's root.
const BLOBS: &str = "../shared/kernels/btf";

/// The row of this subcommand.
pub(crate) static SUBCOMMAND: Subcommand = Subcommand {
    name: "bench",
    arguments: "[--btf FILE]… [--runs N] [--setup]",
    summary: "measure builds and loading beside what they cost without ctxgen, and print the ratios",
    options: &[
        (
            "--btf FILE",
            "build for this kernel (default: the running one); more of them are listed",
        ),
        ("--runs N", "how often each is measured (default: 7)"),
        ("--setup", "install what is missing: Debian packages"),
    ],
    run,
};

/// What the command line asks for.
#[derive(Debug, Default)]
struct Options {
    btf: Vec<PathBuf>,
    runs: Option<u32>,
    setup: bool,
}

fn run(parser: Parser) -> Result<(), Error> {
    let Some(options) = parse(parser)? else {
        return help::print_one(&SUBCOMMAND);
    };
    let root = workspace::root();
    let all: Vec<_> = needs::BUILD.iter().chain(&needs::TEST).collect();
    debian::provide(SUBCOMMAND.name, &all, options.setup)?;

    // The command as it is installed; the rest as build scripts are compiled.
    let command = [
        "build",
        "--release",
        "--package",
        "ctxgen-bpf",
        "--features",
        "cli",
    ];
    process::run(workspace::cargo().current_dir(&root).args(command))?;
    let target_dir = workspace::target_dir(&root);
    let mut bench = workspace::cargo();
    bench.current_dir(&root);
    bench.args(["run", "--package", "ctxgen-tests", "--bin", "bench", "--"]);
    if let Some(runs) = options.runs {
        bench.arg("--runs").arg(runs.to_string());
    }
    let btfs = match options.btf.is_empty() {
        true => default_btfs(&root),
        false => options.btf,
    };
    for btf in btfs {
        bench.arg("--btf").arg(btf);
    }
    process::run(bench.arg(target_dir.join("release/ctxgen")))?;

    let load = ["bench", "--package", "ctxgen-tests", "--bench", "load"];
    process::run(workspace::cargo().current_dir(&root).args(load))
}

/// Nothing on the command line if it asks for help.
fn parse(mut parser: Parser) -> Result<Option<Options>, Error> {
    let mut options = Options::default();
    let invalid = |error| args::invalid(&SUBCOMMAND, &error);
    while let Some(arg) = parser.next().map_err(invalid)? {
        match arg {
            Arg::Long("btf") => options.btf.push(parser.value().map_err(invalid)?.into()),
            Arg::Long("runs") => {
                let value = parser.value().map_err(invalid)?;
                options.runs = Some(value.parse().map_err(invalid)?);
            }
            Arg::Long("setup") => options.setup = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            arg => return Err(args::unknown(&SUBCOMMAND, &arg)),
        }
    }
    Ok(Some(options))
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

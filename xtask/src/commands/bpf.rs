//! `cargo xtask bpf`: build the sample programs, and see what the kernel makes of them.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use lexopt::Arg;
use lexopt::Parser;

use super::Subcommand;
use super::help;
use crate::args;
use crate::debian;
use crate::error::Error;
use crate::kernel::Btf;
use crate::needs;
use crate::privilege;
use crate::process;
use crate::workspace;

/// The row of this subcommand.
pub(crate) static SUBCOMMAND: Subcommand = Subcommand {
    name: "bpf",
    arguments: "[NAME…] [--btf PATH]… [--run NAME -- ARGS] [--no-load] [--setup]",
    summary: "build the sample programs, and print what became of each",
    options: &[
        ("NAME", "print this program only; can be repeated"),
        (
            "--btf PATH",
            "build for the kernel of this BTF instead of the running one; can be repeated",
        ),
        (
            "--run NAME",
            "run this program instead; what follows `--` is for it",
        ),
        (
            "--no-load",
            "do not ask the running kernel what it says of them",
        ),
        ("--setup", "install the Debian packages that are missing"),
    ],
    run,
};

const PACKAGE: &str = "example-bpf";

/// The program that prints the table: only it can know what was built, because it was built with it.
const REPORT: &str = "bpf-report";

/// What the user asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    names: Vec<OsString>,
    btf: Vec<PathBuf>,
    run: Option<OsString>,
    run_args: Vec<OsString>,
    setup: bool,
    no_load: bool,
}

fn run(parser: Parser) -> Result<(), Error> {
    let Some(options) = parse(parser)? else {
        return help::print_one(&SUBCOMMAND);
    };
    let root = workspace::root();
    debian::provide(
        SUBCOMMAND.name,
        &needs::BUILD.iter().collect::<Vec<_>>(),
        options.setup,
    )?;
    let kernels = kernels(&options, &root)?;
    if let (Some(name), [btf]) = (&options.run, &kernels[..]) {
        return Err(run_program(&root, btf, name, &options.run_args));
    }
    let mut failed = Vec::new();
    for (index, btf) in kernels.iter().enumerate() {
        if index > 0 {
            println!();
        }
        if let Err(error) = report(&root, btf, &options) {
            // One kernel that lacks a hook says nothing about the others.
            if kernels.len() == 1 {
                return Err(error);
            }
            eprintln!("error: {error}");
            println!("kernel {} ({btf}): failed", btf.kernel(&root));
            failed.push(btf.kernel(&root));
        }
    }
    if failed.is_empty() {
        Ok(())
    } else {
        let of = kernels.len();
        Err(Error::Kernels { failed, of })
    }
}

/// What the command line says; nothing if it asks for help.
fn parse(mut parser: Parser) -> Result<Option<Options>, Error> {
    let invalid = |error| args::invalid(&SUBCOMMAND, &error);
    let conflict = |what| {
        Err(Error::Conflict {
            subcommand: SUBCOMMAND.name,
            what,
        })
    };
    let mut options = Options::default();
    let mut dashes = false;
    loop {
        if let Some(rest) = args::after_dashes(&mut parser) {
            options.run_args = rest;
            dashes = true;
            break;
        }
        let Some(arg) = parser.next().map_err(invalid)? else {
            break;
        };
        match arg {
            Arg::Long("btf") => options.btf.push(parser.value().map_err(invalid)?.into()),
            Arg::Long("run") => {
                let name = parser.value().map_err(invalid)?;
                if options.run.replace(name).is_some() {
                    return conflict("only one program can be run at a time");
                }
            }
            Arg::Long("no-load") => options.no_load = true,
            Arg::Long("setup") => options.setup = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Value(name) => options.names.push(name),
            arg => return Err(args::unknown(&SUBCOMMAND, &arg)),
        }
    }
    if options.run.is_none() {
        if dashes {
            return conflict(
                "what follows `--` is for a program that is run, and no --run names one",
            );
        }
    } else if !options.names.is_empty() {
        return conflict("--run names the one program there is; its own arguments go behind `--`");
    } else if options.btf.len() > 1 {
        return conflict(
            "a program that is run can be built for one kernel only, so one --btf at most",
        );
    } else if options.no_load {
        return conflict("a program that is run is loaded, so --no-load makes no sense with --run");
    }
    Ok(Some(options))
}

/// The kernels to build for.
fn kernels(options: &Options, root: &Path) -> Result<Vec<Btf>, Error> {
    if options.btf.is_empty() {
        let btf = Btf::resolve(root)?;
        if let Btf::Shipped(_) = btf {
            eprintln!("this machine's kernel has no BTF; building against {btf}");
        }
        return Ok(vec![btf]);
    }
    options.btf.iter().map(|path| Btf::given(path)).collect()
}

/// Build all sample programs for a kernel, and have the table of them printed.
fn report(root: &Path, btf: &Btf, options: &Options) -> Result<(), Error> {
    process::run(cargo("build", btf).current_dir(root))?;

    let running = btf.is_running(root);
    let mut report = cargo("run", btf);
    report.current_dir(root).arg("--quiet");
    report.args(["--bin", REPORT, "--"]).args(&options.names);
    let mut remark = "";
    if options.no_load {
        report.arg("--no-load");
    } else if !running {
        remark = ": not the running kernel, so nothing is loaded";
        report.arg("--no-load");
    } else if !privilege::is_root() {
        remark = ": loading needs root, so nothing is loaded";
        report.arg("--no-load");
    }
    println!("kernel {} ({btf}){remark}", btf.kernel(root));
    process::run(&mut report)
}

/// Build a sample program and become it. Returns only if something failed.
fn run_program(root: &Path, btf: &Btf, name: &OsString, arguments: &[OsString]) -> Error {
    let mut build = cargo("build", btf);
    build.current_dir(root).arg("--bin").arg(name);
    if let Err(error) = process::run(&mut build) {
        return error;
    }
    if !btf.is_running(root) {
        eprintln!("note: {btf} is not the BTF of the running kernel, which may refuse the program");
    }
    if !privilege::is_root() {
        eprintln!("note: loading BPF programs needs root, and this is not root");
    }
    let mut run = cargo("run", btf);
    // The program runs where the user is, so cargo may have to be told where the workspace is.
    if env::current_dir().is_ok_and(|here| here != root) {
        run.arg("--manifest-path").arg(root.join("Cargo.toml"));
    }
    run.args(["--quiet", "--bin"]).arg(name);
    process::become_command(run.arg("--").args(arguments))
}

fn cargo(subcommand: &str, btf: &Btf) -> Command {
    let mut cargo = workspace::cargo();
    cargo.args([subcommand, "--package", PACKAGE]);
    btf.apply(&mut cargo);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Options {
        parse(Parser::from_args(arguments)).unwrap().unwrap()
    }

    fn complaint(arguments: &[&str]) -> String {
        parse(Parser::from_args(arguments)).unwrap_err().to_string()
    }

    #[test]
    fn nothing_means_all_programs_for_the_running_kernel() {
        assert_eq!(parsed(&[]), Options::default());
    }

    #[test]
    fn names_and_several_kernels() {
        let options = parsed(&[
            "taskdump",
            "--btf",
            "a.btf",
            "rawtp",
            "--btf=b.btf",
            "--no-load",
        ]);
        assert_eq!(options.names, ["taskdump", "rawtp"]);
        assert_eq!(options.btf, [Path::new("a.btf"), Path::new("b.btf")]);
        assert!(options.no_load && !options.setup);
    }

    #[test]
    fn a_program_gets_its_own_arguments() {
        let options = parsed(&[
            "--setup",
            "--run",
            "runqslower",
            "--",
            "--help",
            "--",
            "10000",
        ]);
        assert_eq!(options.run.unwrap(), "runqslower");
        assert_eq!(options.run_args, ["--help", "--", "10000"]);
        assert!(options.setup);
        assert!(options.names.is_empty());
    }

    #[test]
    fn help_is_no_error() {
        assert_eq!(parse(Parser::from_args(["--help"])).unwrap(), None);
        assert_eq!(parse(Parser::from_args(["-h"])).unwrap(), None);
    }

    #[test]
    fn complaints() {
        assert_eq!(
            complaint(&["--bft", "x"]),
            "`cargo xtask bpf` has no option `--bft`; did you mean `--btf`? \
             its options are --btf, --run, --no-load, --setup, --help"
        );
        assert_eq!(
            complaint(&["--btf"]),
            "missing argument for option '--btf'; see `cargo xtask help bpf`"
        );
        assert!(complaint(&["--setup=yes"]).starts_with("unexpected argument for option"));
        assert!(complaint(&["--", "x"]).contains("no --run names one"));
        assert!(complaint(&["--run", "a", "--run", "b"]).contains("one program"));
        assert!(complaint(&["--run", "a", "b"]).contains("behind `--`"));
        assert!(complaint(&["--run", "a", "--btf", "1", "--btf", "2"]).contains("one --btf"));
        assert!(complaint(&["--run", "a", "--no-load"]).contains("no sense"));
    }
}

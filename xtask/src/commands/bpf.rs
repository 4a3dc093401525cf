//! `cargo xtask bpf`: build the sample programs, and see what the kernel makes of them.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::kernel::Btf;
use crate::needs;
use crate::needs::User;
use crate::privilege;
use crate::process;
use crate::workspace;

const PACKAGE: &str = "example-bpf";

/// The program that prints the table: only it can know what was built, because it was built with it.
const REPORT: &str = "bpf-report";

/// Build the sample programs, load them, and print a table of the results
#[derive(Args, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bpf {
    /// Print only this program; may be repeated
    #[arg(value_name = "NAME")]
    names: Vec<OsString>,
    /// Build for the kernel with this BTF instead of the running one; may be repeated
    #[arg(long, value_name = "PATH")]
    btf: Vec<PathBuf>,
    /// Run this program instead; arguments after `--` are passed to it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["names", "no_load"])]
    run: Option<OsString>,
    /// The arguments of the program that is run
    #[arg(last = true, value_name = "ARGS", requires = "run")]
    run_args: Vec<OsString>,
    /// Do not load them into the running kernel
    #[arg(long)]
    no_load: bool,
    /// Install the Debian packages that are missing
    #[arg(long)]
    setup: bool,
}

impl Bpf {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        self.check()?;
        let root = workspace::root();
        debian::provide("bpf", &needs::of(&[User::Build]), self.setup)?;
        let kernels = kernels(&self, &root)?;
        if let (Some(name), [btf]) = (&self.run, &kernels[..]) {
            return Err(run_program(&root, btf, name, &self.run_args));
        }
        let mut failed = Vec::new();
        for (index, btf) in kernels.iter().enumerate() {
            if index > 0 {
                println!();
            }
            if let Err(error) = report(&root, btf, &self) {
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

    fn check(&self) -> Result<(), Error> {
        if self.run.is_some() && self.btf.len() > 1 {
            return Err(Error::Arguments {
                subcommand: "bpf",
                complaint: "a program that is run can be built for one kernel only, so one --btf \
                            at most"
                    .to_owned(),
            });
        }
        Ok(())
    }
}

/// The kernels to build for.
fn kernels(options: &Bpf, root: &Path) -> Result<Vec<Btf>, Error> {
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
fn report(root: &Path, btf: &Btf, options: &Bpf) -> Result<(), Error> {
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

    fn parsed(arguments: &[&str]) -> Bpf {
        crate::parsed(arguments).unwrap()
    }

    #[test]
    fn nothing_means_all_programs_for_the_running_kernel() {
        assert_eq!(parsed(&[]), Bpf::default());
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
        assert_eq!(options.run.as_deref(), Some("runqslower".as_ref()));
        assert_eq!(options.run_args, ["--help", "--", "10000"]);
        assert!(options.setup);
        assert!(options.names.is_empty());
    }

    #[test]
    fn complaints() {
        let complaint = |arguments: &[&str]| match crate::parsed::<Bpf>(arguments) {
            Err(error) => error.to_string(),
            Ok(options) => options.check().unwrap_err().to_string(),
        };
        for (arguments, part) in [
            (&["--btf"][..], "a value is required for '--btf <PATH>'"),
            (&["--setup=yes"], "unexpected value 'yes'"),
            (&["--", "x"], "--run <NAME>"),
            (&["--run", "a", "--run", "b"], "multiple times"),
            (&["--run", "a", "b"], "cannot be used with '[NAME]...'"),
            (&["--run", "a", "--btf", "1", "--btf", "2"], "one --btf"),
            (&["--run", "a", "--no-load"], "cannot be used with"),
        ] {
            let said = complaint(arguments);
            assert!(said.contains(part), "{said}");
        }
    }
}

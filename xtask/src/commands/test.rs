//! `cargo xtask test`: everything that has to pass before a change is taken.

use std::env;
use std::fmt;
use std::fs::File;
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;
use std::time::Instant;

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::kernel;
use crate::kernel::Btf;
use crate::machine;
use crate::needs;
use crate::needs::User;
use crate::privilege;
use crate::process;
use crate::vm;
use crate::workspace;

/// Run all checks and tests that a change must pass
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Install what is missing: Debian packages, rustup components
    #[arg(long)]
    setup: bool,
}

/// One thing that has to pass.
#[derive(Debug)]
struct Step {
    name: &'static str,
    /// The arguments for cargo, with spaces between them.
    cargo: &'static str,
    /// What is set in its environment.
    env: &'static [(&'static str, &'static str)],
    /// What compiles the same code only repeats the errors of the build, so it waits for that.
    after_build: bool,
    /// The subcommand of cargo that comes with no toolchain: it is skipped where it is not installed.
    extra: Option<&'static str>,
}

const BUILD: &str = "build";
const DENY: &str = "deny";

/// All steps, in their order.
///
/// They choose the same packages and features wherever they can: each other choice would have cargo
/// compile the dependencies once more. Those that check what other features leave out cannot.
static STEPS: &[Step] = &[
    Step {
        name: "format",
        cargo: "fmt --all --check",
        env: &[],
        after_build: false,
        extra: None,
    },
    Step {
        name: "dependencies",
        cargo: "deny --offline --all-features check bans licenses sources",
        env: &[],
        after_build: false,
        extra: Some(DENY),
    },
    Step {
        name: BUILD,
        cargo: "build --profile suite --workspace --all-features --all-targets",
        env: &[],
        after_build: false,
        extra: None,
    },
    Step {
        name: "clippy",
        cargo: "clippy --profile suite --workspace --all-features --all-targets -- -D warnings",
        env: &[],
        after_build: true,
        extra: None,
    },
    Step {
        name: "clippy of bare ctxgen",
        cargo: "clippy --profile suite --package ctxgen-bpf --no-default-features --all-targets -- -D warnings",
        env: &[],
        after_build: true,
        extra: None,
    },
    Step {
        name: "clippy of ctxgen as programs link it",
        cargo: "clippy --profile suite --package ctxgen-bpf --lib -- -D warnings",
        env: &[],
        after_build: true,
        extra: None,
    },
    Step {
        name: "clippy of bare ctxgen-build",
        cargo: "clippy --profile suite --package ctxgen-build --no-default-features --all-targets -- -D warnings",
        env: &[],
        after_build: true,
        extra: None,
    },
    Step {
        name: "documentation",
        cargo: "doc --profile suite --workspace --all-features --no-deps",
        env: &[("RUSTDOCFLAGS", "-D warnings")],
        after_build: true,
        extra: None,
    },
    Step {
        name: "tests",
        cargo: "test --profile suite --workspace --all-features --no-fail-fast",
        env: &[],
        after_build: true,
        extra: None,
    },
    Step {
        name: "verifiers of other kernels",
        cargo: "run --quiet --package xtask -- vm --quick",
        env: &[],
        after_build: true,
        extra: None,
    },
];

/// What tests take where it is there, and are skipped without.
const WANTED: [User; 4] = [
    User::Clangs,
    User::Browser,
    User::Projects,
    User::RustPrograms,
];

/// What became of a step.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Passed(Duration),
    Failed(Duration, ExitStatus),
    NotRun,
}

impl Test {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        let root = workspace::root();
        let mut users = vec![User::Build, User::Test];
        if root.join(vm::IMAGES).is_dir() {
            users.extend(vm::Arch::ALL.map(User::Vm));
        }
        debian::provide("test", &needs::of(&users), self.setup)?;
        if self.setup {
            debian::provide_wanted("test", &needs::of(&WANTED));
        }
        let btf = Btf::resolve(&root)?;

        let (steps, left_out): (Vec<&Step>, Vec<&Step>) = STEPS.iter().partition(|step| {
            step.extra
                .is_none_or(|name| needs::has_cargo_command(name).is_ok())
        });
        let outcomes = run_all(&steps, |step| execute(step, &root, &btf))?;
        print!("\n{}", summary(&steps, &outcomes));
        for Step { name, extra, .. } in left_out {
            let extra = extra.unwrap_or_default();
            println!(
                "skipped: {name}: `cargo {extra}` is not installed; `cargo install cargo-{extra}` does that"
            );
        }
        for skipped in skipped(&btf, &root) {
            println!("skipped: {skipped}");
        }
        let failed = failed(&steps, &outcomes);
        if failed.is_empty() {
            Ok(())
        } else {
            Err(Error::Steps { failed })
        }
    }
}

/// Run the steps one after the other, the rest also if one fails.
fn run_all(
    steps: &[&Step],
    mut execute: impl FnMut(&Step) -> Result<ExitStatus, Error>,
) -> Result<Vec<Outcome>, Error> {
    let mut outcomes = Vec::new();
    let mut built = true;
    for step in steps {
        if step.after_build && !built {
            outcomes.push(Outcome::NotRun);
            continue;
        }
        let start = Instant::now();
        let status = execute(step)?;
        let took = start.elapsed();
        outcomes.push(if status.success() {
            Outcome::Passed(took)
        } else {
            built &= step.name != BUILD;
            Outcome::Failed(took, status)
        });
    }
    Ok(outcomes)
}

fn execute(step: &Step, root: &Path, btf: &Btf) -> Result<ExitStatus, Error> {
    eprintln!("\n== {}", step.name);
    let mut cargo = workspace::cargo();
    cargo
        .args(step.cargo.split(' '))
        .envs(step.env.iter().copied());
    // Tests look for bpftool as any program does.
    let path = env::var_os("PATH").unwrap_or_default();
    cargo.env("PATH", machine::path_with_sbin(&path));
    btf.apply(&mut cargo);
    process::status(cargo.current_dir(root))
}

fn summary(steps: &[&Step], outcomes: &[Outcome]) -> String {
    let width = steps.iter().map(|step| step.name.len()).max();
    let width = width.unwrap_or_default();
    let line = |(step, outcome): (&&Step, &Outcome)| format!("{:width$}  {outcome}\n", step.name);
    steps.iter().zip(outcomes).map(line).collect()
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(took) => write!(f, "passed   {:6.1} s", took.as_secs_f64()),
            Self::Failed(took, status) => {
                write!(f, "FAILED   {:6.1} s  {status}", took.as_secs_f64())
            }
            Self::NotRun => write!(f, "not run            the build failed"),
        }
    }
}

fn failed(steps: &[&Step], outcomes: &[Outcome]) -> Vec<&'static str> {
    steps
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| !matches!(outcome, Outcome::Passed(_)))
        .map(|(step, _)| step.name)
        .collect()
}

/// What tests leave out on this machine, and why.
fn skipped(btf: &Btf, root: &Path) -> Vec<String> {
    let mut skipped = Vec::new();
    if !privilege::is_root() {
        skipped.push("tests that load programs into the running kernel: they need root".to_owned());
    }
    if File::open(kernel::RUNNING).is_err() {
        skipped.push(format!(
            "tests of the running kernel's BTF: {} cannot be read",
            kernel::RUNNING
        ));
    }
    if let Btf::Shipped(_) = btf {
        skipped.push(format!(
            "sample programs for the running kernel: they were built against {btf}"
        ));
    }
    for missing in needs::missing(&needs::of(&WANTED)) {
        let (name, sought) = (missing.need.name, missing.sought);
        let what = match missing.need.user {
            User::Browser => format!("the page of `ctxgen matrix` in a browser, without {name}"),
            User::Projects => format!("the command in projects without Cargo, without {name}"),
            User::RustPrograms => format!("BPF programs in Rust, without {name}"),
            _ => format!("programs that {name} has compiled"),
        };
        skipped.push(format!(
            "{what}: {sought}; `cargo xtask test --setup` installs it where the distribution has it"
        ));
    }
    let kernels = Path::new("../shared/kernels");
    if !root.join(kernels).is_dir() {
        skipped.push(format!(
            "tests over several kernels, in virtual machines too: there is no {}",
            kernels.display()
        ));
    }
    skipped
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;
    use crate::workspace::SUITE;

    const SUCCESS: i32 = 0;
    const FAILURE: i32 = 101 << 8;

    fn steps() -> Vec<&'static Step> {
        STEPS.iter().collect()
    }

    fn outcomes(failing: &str) -> Vec<Outcome> {
        let status = |step: &Step| {
            let raw = if step.name == failing {
                FAILURE
            } else {
                SUCCESS
            };
            Ok(ExitStatus::from_raw(raw))
        };
        run_all(&steps(), status).unwrap()
    }

    #[test]
    fn the_other_steps_run_if_one_fails() {
        let outcomes = outcomes("clippy");
        assert_eq!(failed(&steps(), &outcomes), ["clippy"]);
        assert!(!outcomes.contains(&Outcome::NotRun));
        let summary = summary(&steps(), &outcomes);
        assert_eq!(summary.lines().count(), STEPS.len());
        let line = summary
            .lines()
            .find(|line| line.starts_with("clippy "))
            .unwrap();
        assert!(
            line.contains("FAILED") && line.ends_with("exit status: 101"),
            "{line}"
        );
    }

    #[test]
    fn what_does_not_build_is_not_compiled_again() {
        let outcomes = outcomes("build");
        let build = STEPS.iter().position(|step| step.name == BUILD).unwrap();
        let (before, from) = outcomes.split_at(build);
        assert!(before.iter().all(|it| matches!(it, Outcome::Passed(_))));
        assert!(matches!(from[0], Outcome::Failed(..)));
        assert!(from[1..].iter().all(|it| *it == Outcome::NotRun));
        assert_eq!(failed(&steps(), &outcomes).len(), STEPS.len() - build);
    }

    #[test]
    fn steps_share_what_they_build() {
        for step in STEPS {
            let profile = format!("--profile {SUITE}");
            let same = ["--workspace", "--all-features", &profile];
            assert!(
                same.iter().all(|flag| step.cargo.contains(flag))
                    || [&profile, "--no-default-features"].iter().all(|flag| step.cargo.contains(flag))
                    // What programs link is a choice of features of its own.
                    || [&profile, "--package ctxgen-bpf --lib"].iter().all(|flag| step.cargo.contains(flag))
                    // Nothing is compiled by the one, and what runs now by the other.
                    || ["fmt ", "run ", "deny "].iter().any(|it| step.cargo.starts_with(it)),
                "{} would build with other features than the rest",
                step.name
            );
        }
    }
}

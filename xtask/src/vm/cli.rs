//! `cargo xtask vm`: programs judged by the verifiers of given kernels.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::needs;
use crate::needs::User;
use crate::vm;
use crate::vm::Accel;
use crate::vm::Arch;
use crate::vm::Job;
use crate::vm::Settings;
use crate::vm::boot::SILENCE;
use crate::vm::everything::Everything;
use crate::vm::run_all;
use crate::vm::tally::Tally;
use crate::vm::verify::Functions;
use crate::workspace;

/// Where kernels to test on are kept, from the workspace's root.
pub(crate) const IMAGES: &str = "../shared/kernels/images";

/// Boot kernels in virtual machines, and compare every field with their verifiers
#[derive(Args, Debug)]
pub(crate) struct Vm {
    /// A kernel to boot; may be repeated (default: all in ../shared/kernels/images)
    #[arg(long, value_name = "IMAGE")]
    kernel: Vec<PathBuf>,
    /// All kernels in ../shared/kernels/images, as without --kernel
    #[arg(long, overrides_with = "kernel")]
    all: bool,
    /// Only kernels for x86_64, aarch64 or s390x; may be repeated
    #[arg(long, value_parser = arch)]
    arch: Vec<Arch>,
    /// The kernel's BTF (default: the one in its image); with a single --kernel
    #[arg(long, value_name = "PATH")]
    btf: Option<PathBuf>,
    /// Skip functions, and without --kernel boot only the oldest and newest x86-64 kernels and s390x
    #[arg(long, overrides_with = "every")]
    quick: bool,
    /// All functions instead of a sample
    #[arg(long, overrides_with = "quick")]
    every: bool,
    /// The sample programs alone, in C and in Rust
    #[arg(long, conflicts_with_all = ["plan", "quick", "every", "write"])]
    samples: bool,
    /// Write the table to docs/verified.md
    #[arg(long)]
    write: bool,
    /// Load the programs of this plan instead, and only count the answers; or a folder with <image's name>.plan for
    /// each
    #[arg(long, value_name = "FILE|FOLDER")]
    plan: Option<PathBuf>,
    /// Put an executable into the initramfs; may be repeated
    #[arg(long, value_name = "GUEST=HOST", value_parser = file)]
    file: Vec<(String, PathBuf)>,
    /// The accelerator of the virtual machines
    #[arg(long, value_enum, default_value_t)]
    accel: Accel,
    /// How many may run at once (default: one a processor)
    #[arg(long, value_name = "N")]
    at_once: Option<usize>,
    /// How many seconds each may go without an answer
    #[arg(long, value_name = "N", default_value_t = SILENCE.as_secs())]
    silence: u64,
    /// Where answers and consoles go (default: target/vm)
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Install what is missing: Debian packages, Rust's sources, bpf-linker
    #[arg(long)]
    setup: bool,
}

impl Vm {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        self.check()?;
        let root = workspace::root();
        if self.kernel.is_empty() && !root.join(IMAGES).is_dir() {
            println!(
                "there are no kernels in {IMAGES}: name one with --kernel. Debian has them in its packages \
                 linux-image-*-cloud-amd64, linux-image-*-arm64 and linux-image-*-s390x (since 7.2 in \
                 linux-binary-*), as boot/vmlinuz-* or usr/lib/modules/*/vmlinuz"
            );
            return Ok(());
        }
        let settings = self.settings(&root);
        let mut jobs = self.jobs(&root, &settings.folder)?;
        let users: Vec<_> = jobs.iter().map(|job| User::Vm(job.arch)).collect();
        debian::provide("vm", &needs::of(&users), self.setup)?;
        if self.setup && self.plan.is_none() {
            debian::provide_wanted("vm", &needs::of(&[User::RustPrograms]));
        }
        if self.plan.is_some() {
            return count(&jobs, &settings);
        }
        let everything = Everything {
            root: &root,
            settings: &settings,
            functions: self.functions(),
            btf: self.btf.as_deref(),
            write: self.write,
        };
        match self.samples {
            true => everything.run_samples(&mut jobs),
            false => everything.run(&mut jobs),
        }
    }

    fn check(&self) -> Result<(), Error> {
        if self.btf.is_some() && self.kernel.len() != 1 {
            return Err(nonsense("--btf goes with one --kernel".to_owned()));
        }
        Ok(())
    }

    fn settings(&self, root: &Path) -> Settings {
        let folder = self.folder.clone();
        let folder = folder.unwrap_or_else(|| workspace::target_dir(root).join("vm"));
        let settings = Settings::new(root, folder);
        Settings {
            accel: self.accel,
            at_once: self.at_once.unwrap_or(settings.at_once),
            silence: Duration::from_secs(self.silence),
            ..settings
        }
    }

    fn functions(&self) -> Functions {
        match (self.quick, self.every) {
            (true, _) => Functions::None,
            (_, true) => Functions::Every,
            _ => Functions::default(),
        }
    }

    /// The kernels to boot. Their plans are still to be made, unless they are given.
    fn jobs(&self, root: &Path, folder: &Path) -> Result<Vec<Job>, Error> {
        let shared;
        let kernels = match self.kernel.as_slice() {
            [] => {
                let mut all = images(&root.join(IMAGES))?;
                if self.quick && self.plan.is_none() {
                    all.retain(|path| is_quick(path));
                }
                shared = all;
                &shared
            }
            kernels => kernels,
        };
        let mut names = BTreeSet::new();
        let mut jobs = Vec::new();
        for kernel in kernels {
            let arch = Arch::of_image(kernel)?;
            if !self.arch.is_empty() && !self.arch.contains(&arch) {
                continue;
            }
            let name = kernel.file_name().unwrap_or_default().to_string_lossy();
            if !names.insert(name.clone().into_owned()) {
                return Err(nonsense(format!(
                    "two of the kernels are called {name}, so their answers would go to the same \
                     folder; run them one after the other, with --folder"
                )));
            }
            let plan = match &self.plan {
                None => folder.join(&*name).join("plan"),
                Some(plan) if plan.is_dir() => plan.join(format!("{name}.plan")),
                Some(plan) => plan.clone(),
            };
            jobs.push(Job {
                name: name.into_owned(),
                kernel: kernel.clone(),
                arch,
                plan,
                files: self.file.clone(),
            });
        }
        Ok(jobs)
    }
}

/// Whether a kernel is one of those that tell the most in a short time.
fn is_quick(image: &Path) -> bool {
    let name = image.file_name().unwrap_or_default().to_string_lossy();
    let quick = [("5.10.", "amd64"), ("7.2.", "amd64"), ("6.12.", "s390x")];
    quick
        .iter()
        .any(|(release, arch)| name.starts_with(release) && name.contains(arch))
}

/// A complaint about the command line.
fn nonsense(complaint: String) -> Error {
    Error::Arguments {
        subcommand: "vm",
        complaint,
    }
}

/// All files of a folder of kernels, sorted.
pub(super) fn images(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = || vm::Error::file("look for kernels in", folder);
    let mut images = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable())? {
        images.push(entry.map_err(unreadable())?.path());
    }
    images.sort();
    Ok(images)
}

/// An architecture by its name.
fn arch(name: &str) -> Result<Arch, String> {
    Arch::from_name(name).ok_or_else(|| {
        let known = Arch::ALL.map(|arch| arch.facts().name).join(", ");
        format!("there is no such architecture, but {known}")
    })
}

/// Split `GUEST=HOST`.
fn file(argument: &str) -> Result<(String, PathBuf), String> {
    match argument.split_once('=') {
        Some((there, here)) if there.starts_with('/') && !here.is_empty() => {
            Ok((there.to_owned(), here.into()))
        }
        _ => Err("it takes a path there and one here, as in /bin/x=target/x".to_owned()),
    }
}

/// Asks what was given, and counts the answers.
fn count(jobs: &[Job], settings: &Settings) -> Result<(), Error> {
    let mut unfinished = Vec::new();
    for outcome in run_all(jobs, settings)? {
        println!("{}: {}", outcome.name, outcome.answers.display());
        print!("{}", Tally::of_file(&outcome.answers)?);
        if !outcome.is_complete() {
            unfinished.push(outcome.name);
        }
    }
    complete(unfinished)
}

/// An error unless all kernels passed.
pub(super) fn complete(unfinished: Vec<String>) -> Result<(), Error> {
    if unfinished.is_empty() {
        Ok(())
    } else {
        Err(vm::Error::Unfinished { names: unfinished }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Vm, String> {
        let vm: Vm = crate::parsed(arguments).map_err(|error| error.to_string())?;
        vm.check().map_err(|error| error.to_string())?;
        Ok(vm)
    }

    #[test]
    fn arguments_are_understood() {
        let options = parse(&[
            "--kernel=a/k1",
            "--kernel",
            "b/k2",
            "--plan=p",
            "--accel=kvm",
            "--file=/bin/x=target/x=y",
            "--silence=7",
        ])
        .unwrap();
        assert_eq!(options.kernel, [Path::new("a/k1"), Path::new("b/k2")]);
        assert_eq!(options.accel, Accel::Kvm);
        assert_eq!(
            options.file,
            [("/bin/x".to_owned(), PathBuf::from("target/x=y"))]
        );
        assert_eq!(options.silence, 7);
    }

    #[test]
    fn the_last_of_two_choices_counts() {
        let functions = |arguments: &[&str]| parse(arguments).unwrap().functions();
        assert_eq!(functions(&[]), Functions::Sampled);
        assert_eq!(functions(&["--quick", "--every"]), Functions::Every);
        assert_eq!(functions(&["--every", "--quick"]), Functions::None);
        assert!(parse(&["--kernel=k", "--all"]).unwrap().kernel.is_empty());
    }

    #[test]
    fn what_is_missing_or_wrong_is_said() {
        for (arguments, part) in [
            (vec!["--btf=b"], "--kernel"),
            (vec!["--plan=p", "--arch=mips"], "aarch64"),
            (vec!["--accel=xen"], "xen"),
            (vec!["--file=bin/x=y"], "bin/x=y"),
            (vec!["--file=/bin/x"], "/bin/x"),
            (vec!["--nonsense"], "--nonsense"),
        ] {
            let error = parse(&arguments).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}

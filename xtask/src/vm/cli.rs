//! `cargo xtask vm`: programs judged by the verifiers of given kernels.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use lexopt::Arg;
use lexopt::Parser;
use lexopt::ValueExt;

use crate::args;
use crate::commands::Subcommand;
use crate::commands::help;
use crate::debian;
use crate::error::Error;
use crate::needs;
use crate::vm;
use crate::vm::Accel;
use crate::vm::Arch;
use crate::vm::Job;
use crate::vm::Settings;
use crate::vm::boot::SILENCE;
use crate::vm::families;
use crate::vm::run_all;
use crate::vm::samples;
use crate::vm::tally::Tally;
use crate::vm::verify;
use crate::vm::verify::Functions;
use crate::vm::verify::Verify;
use crate::workspace;

/// Where kernels to test on are kept, from the workspace's root.
pub(crate) const IMAGES: &str = "../shared/kernels/images";

/// The row of this subcommand.
pub(crate) static SUBCOMMAND: Subcommand = Subcommand {
    name: "vm",
    arguments: "[--kernel IMAGE]… [--all] [--arch ARCH]… [--quick|--every] [--write] [--accel tcg|kvm] [--setup]",
    summary: "boot kernels in virtual machines, and hold every field against their verifiers",
    options: &[
        (
            "--kernel IMAGE",
            "a kernel to boot; may be repeated (default: all in ../shared/kernels/images)",
        ),
        (
            "--arch ARCH",
            "only kernels for x86_64, aarch64 or s390x; may be repeated",
        ),
        (
            "--all",
            "all kernels in ../shared/kernels/images, as without --kernel",
        ),
        (
            "--btf PATH",
            "the kernel's BTF (default: the one in its image); with a single --kernel",
        ),
        (
            "--quick",
            "no functions, and without --kernel only the oldest and newest x86-64 kernel and s390x",
        ),
        ("--every", "all functions instead of a sample"),
        ("--write", "write the table to docs/verified.md"),
        (
            "--plan FILE|FOLDER",
            "ask this instead, and only count the answers; or a folder with <image's name>.plan for \
             each",
        ),
        (
            "--file GUEST=HOST",
            "put an executable into the initramfs; may be repeated",
        ),
        (
            "--accel tcg|kvm",
            "what runs the machines (default: tcg, emulation)",
        ),
        (
            "--at-once N",
            "how many may run at once (default: one a processor)",
        ),
        (
            "--silence N",
            "how many seconds each may go without an answer (default: 600)",
        ),
        (
            "--folder FOLDER",
            "where answers and consoles go (default: target/vm)",
        ),
        ("--setup", "install the Debian packages that are missing"),
    ],
    run,
};

/// What the user asked for.
#[derive(Debug, Default)]
struct Options {
    kernels: Vec<PathBuf>,
    archs: Vec<Arch>,
    plan: Option<PathBuf>,
    btf: Option<PathBuf>,
    functions: Functions,
    write: bool,
    files: Vec<(String, PathBuf)>,
    accel: Accel,
    at_once: Option<usize>,
    silence: Option<Duration>,
    folder: Option<PathBuf>,
    setup: bool,
}

impl Options {
    /// What the command line says; nothing if it asks for help.
    fn parse(mut parser: Parser) -> Result<Option<Self>, Error> {
        let invalid = |error| args::invalid(&SUBCOMMAND, &error);
        let mut options = Self::default();
        while let Some(arg) = parser.next().map_err(invalid)? {
            match arg {
                Arg::Long("kernel") => options
                    .kernels
                    .push(parser.value().map_err(invalid)?.into()),
                Arg::Long("arch") => {
                    let name = parser.value().and_then(ValueExt::string).map_err(invalid)?;
                    options.archs.push(Arch::from_name(&name).ok_or_else(|| {
                        let known = Arch::ALL.map(Arch::name).join(", ");
                        nonsense(format!("there is no --arch {name}, but {known}"))
                    })?);
                }
                Arg::Long("all") => options.kernels.clear(),
                Arg::Long("plan") => options.plan = Some(parser.value().map_err(invalid)?.into()),
                Arg::Long("btf") => options.btf = Some(parser.value().map_err(invalid)?.into()),
                Arg::Long("quick") => options.functions = Functions::None,
                Arg::Long("every") => options.functions = Functions::Every,
                Arg::Long("write") => options.write = true,
                Arg::Long("file") => options.files.push(file(parser.value().map_err(invalid)?)?),
                Arg::Long("accel") => {
                    let name = parser.value().and_then(ValueExt::string).map_err(invalid)?;
                    options.accel = Accel::from_name(&name).ok_or_else(|| {
                        nonsense(format!("there is no --accel {name}, but tcg and kvm"))
                    })?;
                }
                Arg::Long("at-once") => {
                    options.at_once =
                        Some(parser.value().and_then(|it| it.parse()).map_err(invalid)?);
                }
                Arg::Long("silence") => {
                    let seconds = parser.value().and_then(|it| it.parse()).map_err(invalid)?;
                    options.silence = Some(Duration::from_secs(seconds));
                }
                Arg::Long("folder") => {
                    options.folder = Some(parser.value().map_err(invalid)?.into());
                }
                Arg::Long("setup") => options.setup = true,
                Arg::Long("help") | Arg::Short('h') => return Ok(None),
                arg => return Err(args::unknown(&SUBCOMMAND, &arg)),
            }
        }
        if options.btf.is_some() && options.kernels.len() != 1 {
            return Err(nonsense("--btf goes with one --kernel".to_owned()));
        }
        Ok(Some(options))
    }

    /// The kernels to boot. Their plans are still to be made, unless they are given.
    fn jobs(&self, root: &Path, folder: &Path) -> Result<Vec<Job>, Error> {
        let shared;
        let kernels = match self.kernels.as_slice() {
            [] => {
                let mut all = images(&root.join(IMAGES))?;
                if self.functions == Functions::None && self.plan.is_none() {
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
            if !self.archs.is_empty() && !self.archs.contains(&arch) {
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
                files: self.files.clone(),
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
        subcommand: SUBCOMMAND.name,
        complaint,
    }
}

/// All files of a folder of kernels, sorted.
fn images(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| vm::Error::File {
        doing: "look for kernels in",
        path: folder.to_owned(),
        source,
    };
    let mut images = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        images.push(entry.map_err(unreadable)?.path());
    }
    images.sort();
    Ok(images)
}

/// Split `GUEST=HOST`.
fn file(argument: OsString) -> Result<(String, PathBuf), Error> {
    let invalid = |error| args::invalid(&SUBCOMMAND, &error);
    let argument = argument.string().map_err(invalid)?;
    match argument.split_once('=') {
        Some((there, here)) if there.starts_with('/') && !here.is_empty() => {
            Ok((there.to_owned(), here.into()))
        }
        _ => Err(nonsense(format!(
            "--file takes a path there and one here, as in /bin/x=target/x, not {argument}"
        ))),
    }
}

/// How to run jobs where nothing else is asked for.
pub(crate) fn settings(root: &Path) -> Settings {
    Settings {
        accel: Accel::default(),
        at_once: thread::available_parallelism().map_or(1, Into::into),
        silence: SILENCE,
        judge: root.join("tests/judge"),
        folder: workspace::target_dir(root).join("vm"),
    }
}

fn run(parser: Parser) -> Result<(), Error> {
    let Some(options) = Options::parse(parser)? else {
        return help::print_one(&SUBCOMMAND);
    };
    let root = workspace::root();
    let defaults = settings(&root);
    let settings = Settings {
        accel: options.accel,
        at_once: options.at_once.unwrap_or(defaults.at_once),
        silence: options.silence.unwrap_or(SILENCE),
        folder: options.folder.clone().unwrap_or(defaults.folder),
        judge: defaults.judge,
    };
    if options.kernels.is_empty() && !root.join(IMAGES).is_dir() {
        println!(
            "there are no kernels in {IMAGES}: name one with --kernel. Debian has them in its packages \
             linux-image-*-cloud-amd64, linux-image-*-arm64 and linux-image-*-s390x (since 7.2 in \
             linux-binary-*), as boot/vmlinuz-* or usr/lib/modules/*/vmlinuz"
        );
        return Ok(());
    }
    let mut jobs = options.jobs(&root, &settings.folder)?;
    let archs = jobs.iter().map(|job| job.arch).collect::<Vec<_>>();
    debian::provide(SUBCOMMAND.name, &needs::vm(&archs), options.setup)?;
    match options.plan {
        Some(_) => count(&jobs, &settings),
        None => verify(&options, &mut jobs, &settings, &root),
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

/// Asks about every field, and holds the answers against the layouts.
///
/// Unless it has to be quick, the sample programs are run too, where they can be.
fn verify(
    options: &Options,
    jobs: &mut [Job],
    settings: &Settings,
    root: &Path,
) -> Result<(), Error> {
    let program = Verify::build(root, &workspace::target_dir(root), options.functions)?;
    let btf = |job: &Job| options.btf.clone().unwrap_or_else(|| job.kernel.clone());
    let quick = options.functions == Functions::None;
    let folder = settings.folder.join("samples");
    let mut portable = BTreeMap::new();
    for arch in Arch::ALL {
        if quick || !jobs.iter().any(|job| job.arch == arch) {
            continue;
        }
        match samples::can_build(arch) {
            Ok(()) => {
                portable.insert(arch, samples::build_portable(root, arch, &folder)?);
            }
            Err(why) => println!("skipped: the sample programs on {arch}: {why}"),
        }
    }
    for job in &mut *jobs {
        if let Some(folder) = job.plan.parent() {
            fs::create_dir_all(folder).map_err(|source| vm::Error::File {
                doing: "write to",
                path: folder.to_owned(),
                source,
            })?;
        }
        program.plan(&btf(job), &job.plan)?;
        if let Some(portable) = portable.get(&job.arch) {
            job.files.extend(portable.iter().cloned());
            if let Some((sample, why)) = samples::left_out(&job.name) {
                println!(
                    "skipped: the sample program {sample} on {}: {why}",
                    job.name
                );
            }
            let fixed = samples::build_fixed(root, job.arch, &btf(job), &folder)?;
            let is_new = |to: &String| portable.iter().all(|(other, _)| other != to);
            job.files
                .extend(fixed.into_iter().filter(|(to, _)| is_new(to)));
            let families = settings.folder.join("families").join(&job.name);
            let files = program.build_families(job, &btf(job), &families)?;
            job.files.extend(files);
            let unwritable = |source| vm::Error::File {
                doing: "write",
                path: job.plan.clone(),
                source,
            };
            let mut plan = fs::read_to_string(&job.plan).map_err(unwritable)?;
            plan.push_str(&samples::plan_lines(&job.name, job.arch));
            plan.push_str(&families::plan_lines());
            fs::write(&job.plan, plan).map_err(unwritable)?;
        }
    }
    let mut verdicts = Vec::new();
    for (job, outcome) in jobs.iter().zip(run_all(jobs, settings)?) {
        verdicts.push(program.compare(
            job,
            &btf(job),
            &outcome,
            portable.contains_key(&job.arch),
        )?);
    }
    print!("{}", verify::table(&verdicts));
    for verdict in &verdicts {
        eprint!("{}", verdict.complaints());
    }
    if options.write {
        println!("\nwritten to {}", verify::write(root, &verdicts)?.display());
    }
    let failed = jobs
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| !verdict.passed());
    complete(failed.map(|(job, _)| job.name.clone()).collect())
}

fn complete(unfinished: Vec<String>) -> Result<(), Error> {
    if unfinished.is_empty() {
        Ok(())
    } else {
        Err(vm::Error::Unfinished { names: unfinished }.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, Error> {
        Options::parse(Parser::from_args(arguments)).map(Option::unwrap)
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
        assert_eq!(options.kernels, [Path::new("a/k1"), Path::new("b/k2")]);
        assert_eq!(options.accel, Accel::Kvm);
        assert_eq!(
            options.files,
            [("/bin/x".to_owned(), PathBuf::from("target/x=y"))]
        );
        assert_eq!(options.silence, Some(Duration::from_secs(7)));
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
            let error = parse(&arguments).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}

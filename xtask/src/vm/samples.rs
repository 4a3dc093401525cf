//! The sample programs in a virtual machine: loaded, attached, and held against what was done there.
//!
//! They are linked statically, as the machine has no libraries, and with them comes `vm-samples` (an
//! example of the samples' package), which runs each, does what it is to notice, and says what of its
//! report is right.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen_judge::Answer;

use crate::error::Error;
use crate::kernel::Btf;
use crate::process;
use crate::vm;
use crate::vm::Arch;
use crate::vm::families;
use crate::vm::rust_samples;
use crate::workspace;

/// What runs the samples.
const DRIVER: &str = "vm-samples";
/// The samples.
const SAMPLES: [&str; 9] = [
    "rawtp",
    "taskdump",
    "runqslower",
    "tcpconnlat",
    "unlinksnoop",
    "opensnoop",
    "mprotect-guard",
    "tinycc",
    "trace",
];
/// What reports as a sample does, of values in registers (`vm-families`).
const REGISTERS: &str = "registers";
/// The one whose context has a fixed layout, which is another kernel's elsewhere.
const FIXED: &str = "rawtp";
/// Those on trampolines, which Debian's kernels for s390x cannot make.
const TRAMPOLINES: [&str; 2] = ["unlinksnoop", "mprotect-guard"];
/// The one that needs a kernel configured with BPF's operations of TCP.
const OPERATIONS: &str = "tinycc";
/// How long each may take, in seconds; about ten are usual where it is emulated.
const SECONDS: u32 = 150;
/// Where they are in the machine.
pub(crate) const FOLDER: &str = "/bin";
/// What stands before a sample's name in the plan.
const IDS: &str = "samples/";

/// The libraries that libbpf needs, and the Debian packages that have them.
const LIBRARIES: [(&str, &str); 2] = [("libelf.a", "libelf-dev"), ("libz.a", "zlib1g-dev")];

/// Rust's name for machines of an architecture.
pub(crate) fn target(arch: Arch) -> String {
    format!("{}-unknown-linux-gnu", arch.facts().name)
}

/// The samples that an architecture's kernels can run.
fn of(arch: Arch) -> Vec<&'static str> {
    let runs = |name: &&str| arch != Arch::S390x || !TRAMPOLINES.contains(name);
    SAMPLES.into_iter().filter(runs).collect()
}

/// What a kernel is configured without, if one of the samples needs it.
pub(crate) fn left_out(kernel: &str) -> Option<(&'static str, &'static str)> {
    // The one that was built for these checks, with little in it.
    kernel.ends_with("-clang").then_some((
        OPERATIONS,
        "it is configured without BPF's operations of TCP",
    ))
}

/// The samples that are run on a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    names: Vec<&'static str>,
    /// Whether values in registers are looked at as well, as a sample does.
    has_registers: bool,
}

impl Run {
    /// All that a kernel can run, with those in Rust if `files` has them.
    pub(crate) fn of(kernel: &str, arch: Arch, files: &[(String, PathBuf)]) -> Self {
        let mut names = of(arch);
        if let Some((lacking, _)) = left_out(kernel) {
            names.retain(|name| *name != lacking);
        }
        if files.iter().any(|(to, _)| rust_samples::is_one(to)) {
            names.extend(rust_samples::ENTRIES);
        }
        Self {
            names,
            has_registers: true,
        }
    }

    /// Those whose executables are among `files`.
    pub(crate) fn only_built(mut self, files: &[(String, PathBuf)]) -> Self {
        let has = |name: &str| {
            files
                .iter()
                .any(|(to, _)| *to == format!("{FOLDER}/{name}"))
        };
        self.names
            .retain(|name| has(name) || rust_samples::ENTRIES.contains(name));
        self.has_registers = false;
        self
    }

    /// The entries of a plan that run them.
    pub(crate) fn plan_lines(&self) -> String {
        let samples = self.names.iter();
        samples
            .map(|name| format!("x {IDS}{name} {SECONDS} {FOLDER}/{DRIVER} {name}\n"))
            .collect()
    }

    fn all(&self) -> impl Iterator<Item = &'static str> {
        let registers = self.has_registers.then_some(REGISTERS);
        self.names.iter().copied().chain(registers)
    }
}

/// Whether the samples can be built here; what was looked for in vain is the error.
pub(crate) fn can_build(arch: Arch) -> Result<(), String> {
    let target = target(arch);
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", &target])
        .output()
        .map_err(|error| format!("cannot run rustc: {error}"))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !Path::new(&folder).is_dir() {
        return Err(format!(
            "Rust has no library for it: rustup target add {target}"
        ));
    }
    library_folders(arch)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Build the samples that run on every kernel of an architecture, once for all of them, against the BTF
/// that comes with them; where each belongs in the machine, and where it is here.
pub(crate) fn build_portable(
    root: &Path,
    arch: Arch,
    target_dir: &Path,
) -> Result<Vec<(String, PathBuf)>, Error> {
    let mut portable = of(arch);
    portable.retain(|name| *name != FIXED);
    let btf = root.join(format!("example-bpf/btf/{arch}.btf"));
    build(root, arch, &btf, target_dir, &portable)
}

/// Build what loads programs one by one in a machine, and no sample.
pub(crate) fn build_loader(
    root: &Path,
    arch: Arch,
    target_dir: &Path,
) -> Result<Vec<(String, PathBuf)>, Error> {
    let btf = root.join(format!("example-bpf/btf/{arch}.btf"));
    build(root, arch, &btf, target_dir, &[])
}

/// Build the sample with a fixed context, for the kernel with this BTF.
///
/// What is built for another kernel afterwards takes nothing away from this one's.
pub(crate) fn build_fixed(
    root: &Path,
    arch: Arch,
    btf: &Path,
    target_dir: &Path,
) -> Result<Vec<(String, PathBuf)>, Error> {
    build(root, arch, btf, target_dir, &[FIXED])
}

fn build(
    root: &Path,
    arch: Arch,
    btf: &Path,
    target_dir: &Path,
    samples: &[&str],
) -> Result<Vec<(String, PathBuf)>, Error> {
    let kernel = fingerprint(btf)?;
    let mut cargo = workspace::cargo();
    cargo
        .current_dir(root)
        .args(["build", "--package", "example-bpf", "--features"])
        // A kernel may be given as an image.
        .arg("libbpf-rs/static,ctxgen-build/images")
        .args(["--example", DRIVER, "--example", families::LOADER])
        .arg("--target-dir")
        .arg(target_dir)
        .args(samples.iter().flat_map(|sample| ["--bin", sample]));
    link_statically(&mut cargo, arch)?;
    Btf::given(btf)?.apply(&mut cargo);
    process::run(&mut cargo)?;

    let built = target_dir.join(target(arch)).join("debug");
    let kept = target_dir.join(DRIVER).join(kernel);
    fs::create_dir_all(&kept).map_err(vm::Error::file("make", &kept))?;
    let mut files = Vec::new();
    for &name in samples.iter().chain(&[DRIVER, families::LOADER]) {
        let folder = match name {
            DRIVER | families::LOADER => built.join("examples"),
            _ => built.clone(),
        };
        let here = kept.join(name);
        fs::copy(folder.join(name), &here).map_err(vm::Error::file("write", &here))?;
        files.push((format!("{FOLDER}/{name}"), here));
    }
    Ok(files)
}

/// Has cargo build executables for an architecture that need no library there.
pub(crate) fn link_statically(cargo: &mut Command, arch: Arch) -> Result<(), Error> {
    let triple = target(arch);
    let in_names = triple.replace('-', "_");
    let linker = format!("CARGO_TARGET_{}_LINKER", in_names.to_uppercase());
    cargo
        .args(["--target", &triple])
        .env(linker, arch.compiler())
        .env(format!("CC_{in_names}"), arch.compiler())
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        // All of it goes into the machine's memory.
        .env("CARGO_PROFILE_DEV_STRIP", "symbols")
        // This would win over RUSTFLAGS.
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    // Build scripts run here, and are linked with the same features.
    for arch in [Some(arch), Arch::from_name(env::consts::ARCH)]
        .into_iter()
        .flatten()
    {
        let variable = format!("LIBBPF_SYS_LIBRARY_PATH_{}", target(arch).replace('-', "_"));
        cargo.env(variable, library_folders(arch)?);
    }
    Ok(())
}

/// What the samples reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// How many checks passed, for each sample.
    pub(crate) passed: BTreeMap<&'static str, usize>,
    /// What did not pass, or is missing.
    pub(crate) wrong: Vec<String>,
}

impl Run {
    /// Read the judge's answers to [`Self::plan_lines`]. Those to other entries are passed over.
    pub(crate) fn report<'a>(&self, answers: impl IntoIterator<Item = &'a str>) -> Report {
        let mut report = Report::default();
        let mut ends = BTreeMap::new();
        let mut said = Vec::new();
        let sample = |id: &str| {
            let name = id.strip_prefix(IDS)?;
            self.all().find(|sample| *sample == name)
        };
        for line in answers {
            match Answer::parse(line) {
                Some(Answer::Output { id, text }) => {
                    said.extend(sample(id).map(|name| (name, text)));
                }
                Some(Answer::Exit { id, how }) => {
                    ends.extend(sample(id).map(|name| (name, how)));
                }
                Some(Answer::Trouble { id, text }) => {
                    said.extend(sample(id).map(|name| (name, text)));
                }
                _ => {}
            }
        }
        for name in self.all() {
            let lines = said.iter().filter(|(of, _)| *of == name);
            let (passed, others): (Vec<&str>, Vec<&str>) = lines
                .map(|(_, text)| *text)
                .partition(|text| text.starts_with("ok "));
            report.passed.insert(name, passed.len());
            let end = ends.get(name).copied().unwrap_or("never");
            if end != "0" || passed.is_empty() {
                let checks = passed.len();
                let why = format!("{name}: ended with {end} after {checks} checks that passed");
                report.wrong.push(why);
                report.wrong.extend(others.into_iter().map(str::to_owned));
            }
        }
        report
    }
}

/// Where the C compiler has the libraries, as a search path; or what the variable says that libbpf-sys
/// takes.
fn library_folders(arch: Arch) -> Result<String, Error> {
    let given = target(arch).replace('-', "_");
    if let Ok(given) = env::var(format!("LIBBPF_SYS_LIBRARY_PATH_{given}")) {
        return Ok(given);
    }
    let compiler = arch.compiler();
    let mut folders = Vec::new();
    for (library, package) in LIBRARIES {
        let output = Command::new(compiler)
            .arg(format!("-print-file-name={library}"))
            .output()
            .map_err(|source| vm::Error::Program {
                program: compiler.to_owned(),
                purpose: "links the samples".to_owned(),
                packages: arch.compiler_packages(),
                source,
            })?;
        // Of a library that it does not find, a compiler prints the bare name.
        let path = String::from_utf8_lossy(&output.stdout);
        let folder = Path::new(path.trim()).parent();
        let folder = folder.filter(|folder| folder.is_absolute());
        let Some(folder) = folder.and_then(|folder| fs::canonicalize(folder).ok()) else {
            let why = format!(
                "{compiler} has none; Debian has it in {package}:{}",
                arch.facts().debian
            );
            let why = io::Error::new(io::ErrorKind::NotFound, why);
            return Err(vm::Error::file("find", Path::new(library))(why).into());
        };
        let folder = folder.display().to_string();
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    Ok(folders.join(":"))
}

/// Differs from kernel to kernel.
fn fingerprint(btf: &Path) -> Result<String, Error> {
    let bytes = fs::read(btf).map_err(vm::Error::file("read", btf))?;
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNEL: &str = "7.2.13-amd64-cloud";

    /// Answers of a run in which all is well.
    fn answers() -> Vec<String> {
        let mut answers = vec!["k\trelease\t7.2".to_owned()];
        for name in SAMPLES.into_iter().chain([REGISTERS]) {
            answers.push(format!("x\tsamples/{name}\t|\tok {name}: it works"));
            answers.push(format!("x\tsamples/{name}\texit\t0"));
        }
        answers
    }

    fn run() -> Run {
        Run::of(KERNEL, Arch::X86_64, &[])
    }

    fn reported(answers: &[String]) -> Report {
        run().report(answers.iter().map(String::as_str))
    }

    #[test]
    fn every_sample_has_its_entry() {
        let lines = run().plan_lines();
        assert_eq!(lines.lines().count(), SAMPLES.len());
        assert!(lines.contains("x samples/rawtp 150 /bin/vm-samples rawtp\n"));
        let lines = Run::of(KERNEL, Arch::S390x, &[]).plan_lines();
        assert!(!lines.contains("unlinksnoop"));
    }

    #[test]
    fn those_in_rust_are_run_where_they_were_built() {
        let rust = ("/bin/runqslower-rust".to_owned(), PathBuf::new());
        let lines = Run::of(KERNEL, Arch::X86_64, &[rust]).plan_lines();
        assert!(lines.contains("x samples/unlinksnoop-aya 150 /bin/vm-samples unlinksnoop-aya\n"));
        assert!(!run().plan_lines().contains("-rust"));
    }

    #[test]
    fn alone_there_are_those_that_were_built() {
        let one = ("/bin/unlinksnoop".to_owned(), PathBuf::new());
        let files = [one];
        let alone = Run::of(KERNEL, Arch::X86_64, &files).only_built(&files);
        assert_eq!(alone.plan_lines().lines().count(), 1);
    }

    #[test]
    fn what_a_kernel_is_configured_without_is_not_run() {
        assert!(run().plan_lines().contains("tinycc"));
        let lines = Run::of("6.12.107-amd64-clang", Arch::X86_64, &[]).plan_lines();
        assert!(!lines.contains("tinycc"));
    }

    #[test]
    fn what_passed_is_counted() {
        let report = reported(&answers());
        assert!(report.wrong.is_empty(), "{report:?}");
        assert!(report.passed.values().all(|passed| *passed == 1));
    }

    #[test]
    fn what_failed_is_said() {
        let mut failing = answers();
        failing[4] = "x\tsamples/taskdump\texit\t1".to_owned();
        failing.insert(
            4,
            "x\tsamples/taskdump\t|\tFAILED taskdump: tid: 1".to_owned(),
        );
        assert_eq!(
            reported(&failing).wrong,
            [
                "taskdump: ended with 1 after 1 checks that passed",
                "FAILED taskdump: tid: 1"
            ]
        );
    }

    #[test]
    fn silence_is_no_success() {
        let mut silent = answers();
        silent.remove(1);
        assert_eq!(reported(&silent).wrong.len(), 1);
        assert_eq!(reported(&[]).wrong.len(), SAMPLES.len() + 1);
        let mut late = answers();
        late[2] = "x\tsamples/rawtp\texit\ttimeout".to_owned();
        assert!(reported(&late).wrong[0].contains("timeout"));
    }

    #[test]
    fn every_sample_is_there() {
        let folder = workspace::root().join("example-bpf");
        for name in SAMPLES {
            let paths = [
                format!("src/bin/{name}.rs"),
                format!("src/bin/{name}/main.rs"),
            ];
            assert!(
                paths.iter().any(|path| folder.join(path).is_file()),
                "{name}"
            );
        }
        for example in [DRIVER, families::LOADER] {
            assert!(folder.join(format!("examples/{example}/main.rs")).is_file());
        }
    }
}

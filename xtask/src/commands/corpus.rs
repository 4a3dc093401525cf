//! `cargo xtask corpus`: what `ctxgen check` says of programs that others wrote, and what kernels say.
//!
//! The objects come from Debian's packages, of this release and of newer ones: C, Rust and Go programs with
//! objects inside, and objects by themselves. Others are made of the sources in published crates. Nothing of them is
//! kept in the repository.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use clap::Args;

use crate::debian;
use crate::error::Error;
use crate::needs;
use crate::needs::User;
use crate::process;
use crate::vm;
use crate::vm::foreign::Foreign;
use crate::workspace;
use crate::workspace::SUITE;

/// Debian's releases, and packages there with BPF objects in them.
const RELEASES: [(&str, &[&str]); 3] = [
    (
        "bookworm",
        &["ir-keytable", "libbpf-tools", "libxdp1", "xdp-tools"],
    ),
    (
        "trixie",
        &[
            "bpftop",
            "ir-keytable",
            "libbpf-tools",
            "libbpftune0",
            "libknot15",
            "libsystemd-shared",
            "libxdp1",
            "mimic",
            "opensnitch-ebpf-modules",
            "pcp",
            "pwru",
            "qemu-system-x86",
            "suricata",
            "systemd",
            "xdp-tools",
        ],
    ),
    (
        "sid",
        &[
            "bpfilter",
            "bpftop",
            "libbpf-tools",
            "libbpfilter0",
            "libbpftune0",
            "libsystemd-shared",
            "libxdp1",
            "network-manager",
            "nsd",
            "opensnitch-ebpf-modules",
            "pwru",
            "rsched",
            "rtc-testbench",
            "suricata",
            "systemd",
            "udev-hid-bpf",
            "xdp-tests",
            "xdp-tools",
        ],
    ),
];

/// The package whose dependencies are published crates with BPF sources in them, from the workspace's root.
const PUBLISHED: &str = "tests/published-crates/Cargo.toml";
/// Where the page is, from the workspace's root.
const PAGE: &str = "docs/field.md";
/// The line that the tables follow in it.
const MARK: &str =
    "## Debian's packages\n\n<!-- The rest is written by `cargo xtask corpus --write`. -->\n";
/// The line that the tables of published crates follow in it, before the others.
const CRATES_MARK: &str = "<!-- This is written by `cargo xtask corpus --crates --write`. -->\n";
/// Debian's keys, which are those of newer releases, too.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Check the BPF programs in packages of Debian's, and ask kernels whether they load them
#[derive(Args, Debug)]
pub(crate) struct Corpus {
    /// Only check them, and boot no kernel
    #[arg(long)]
    no_vm: bool,
    /// Only check what published crates carry, which is not loaded
    #[arg(long)]
    crates: bool,
    /// Write the tables to docs/field.md
    #[arg(long)]
    write: bool,
    /// Install the Debian packages that are missing
    #[arg(long)]
    setup: bool,
}

impl Corpus {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        let root = workspace::root();
        let mut users = vec![User::Build, User::Test];
        if !self.no_vm {
            users.push(User::Vm(vm::Arch::X86_64));
        }
        debian::provide("corpus", &needs::of(&users), self.setup)?;
        let target = workspace::target_dir(&root);
        let folder = target.join("corpus");
        let field = field(&root, &target)?;
        let published = published(&field, &root, &folder)?;
        print!("{published}");
        if self.write {
            replace(&root, CRATES_MARK, Some(MARK), &published)?;
        }
        match self.crates {
            true => Ok(()),
            false => self.packages(&root, &target, &field),
        }
    }

    /// Does it with packages.
    fn packages(self, root: &Path, target: &Path, field: &Path) -> Result<(), Error> {
        let folder = target.join("corpus");
        let versions = packages(&folder)?;
        let objects = folder.join("objects");
        empty(&objects)?;
        let unpacked = folder.join("packages");
        process::run(Command::new(field).arg("find").args([&unpacked, &objects]))?;

        let drift = folder.join("drift.bpf.o");
        process::run(Command::new(field).arg("compile").arg(&drift))?;
        let foreign = Foreign {
            root,
            target,
            objects: &objects,
            drift: &drift,
        };
        let kernels = foreign.kernels(!self.no_vm)?;
        let mut judge = Command::new(field);
        judge.arg("judge").arg(&objects).args(&kernels.objects);
        let (mut tables, judged) = printed(&mut judge)?;
        // Values that are otherwise than said are shown first.
        let mut ended = vec![judged];
        if !kernels.values.is_empty() {
            let mut values = Command::new(field);
            values.arg("values").arg(&drift).args(&kernels.values);
            let (table, held) = printed(&mut values)?;
            tables.push_str("\n## Values\n\n");
            tables.push_str(&table);
            ended.push(held);
        }
        print!("{tables}");
        if self.write {
            let text = format!("{tables}\nFrom {}.\n", versions.join(", "));
            replace(root, MARK, None, &text)?;
        }
        ended.into_iter().collect()
    }
}

/// What a command prints, and whether it ended well.
fn printed(command: &mut Command) -> Result<(String, Result<(), Error>), Error> {
    let program = PathBuf::from(command.get_program());
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(vm::Error::file("run", &program))?;
    let ended = process::ended(command, output.status);
    Ok((String::from_utf8_lossy(&output.stdout).into_owned(), ended))
}

/// Fetches the packages and unpacks them, each to a folder of its own; their names and versions.
fn packages(folder: &Path) -> Result<Vec<String>, Error> {
    let unpacked = folder.join("packages");
    empty(&unpacked)?;
    let site = site()?;
    let mut versions = Vec::new();
    for (release, packages) in RELEASES {
        let apt = Apt::new(folder, &site, release)?;
        process::run(apt.command().args(["-qq", "update"]))?;
        for package in packages {
            let Some(file) = apt.download(package)? else {
                println!("skipped: {package} of {release}: it cannot be had");
                continue;
            };
            let to = unpacked.join(format!("{release}_{package}"));
            process::run(Command::new("dpkg").arg("-x").args([&file, &to]))?;
            let version = Command::new("dpkg-deb")
                .arg("-f")
                .arg(&file)
                .arg("Version")
                .output();
            let version = version.map_err(vm::Error::file("read", &file))?;
            let version = String::from_utf8_lossy(&version.stdout).trim().to_owned();
            versions.push(format!("{package} {version}"));
        }
    }
    Ok(versions)
}

/// Builds what finds objects and judges them.
fn field(root: &Path, target: &Path) -> Result<PathBuf, Error> {
    let build = [
        "build",
        "--quiet",
        "--package",
        "ctxgen-tests",
        "--bin",
        "field",
    ];
    let mut cargo = workspace::cargo();
    cargo
        .current_dir(root)
        .args(build)
        .args(["--profile", SUITE]);
    process::run(&mut cargo)?;
    Ok(target.join(SUITE).join("field"))
}

/// Makes objects of what published crates carry, and holds them against all kernels: the tables.
fn published(field: &Path, root: &Path, folder: &Path) -> Result<String, Error> {
    let objects = folder.join("published");
    empty(&objects)?;
    let kernels = vm::foreign::btfs(root);
    let (_, newest) = kernels
        .last()
        .and_then(|kernel| kernel.split_once('='))
        .unwrap_or_default();
    let crates = crates(root, folder)?;
    let made = [&crates, Path::new(newest), &objects];
    process::run(Command::new(field).arg("published").args(made))?;
    let mut judge = Command::new(field);
    let (tables, judged) = printed(judge.arg("judge").arg(&objects).args(&kernels))?;
    judged.map(|()| tables)
}

/// Writes a text to the page, behind a mark and up to another.
fn replace(root: &Path, mark: &str, until: Option<&str>, text: &str) -> Result<(), Error> {
    let page = root.join(PAGE);
    let old = fs::read_to_string(&page).map_err(vm::Error::file("read", &page))?;
    let (start, rest) = old.split_once(mark).unwrap_or((&old, ""));
    let end = until.and_then(|until| Some(&rest[rest.find(until)?..]));
    let end = end.map_or_else(String::new, |end| format!("\n{end}"));
    let new = format!("{start}{mark}\n{text}{end}");
    fs::write(&page, new).map_err(vm::Error::file("write", &page))?;
    println!("\nwritten to {}", page.display());
    Ok(())
}

/// Fetches the published crates that [`PUBLISHED`] names; the folder with all of them.
fn crates(root: &Path, folder: &Path) -> Result<PathBuf, Error> {
    let crates = folder.join("crates");
    let mut cargo = workspace::cargo();
    cargo.args(["vendor", "--quiet", "--locked", "--versioned-dirs"]);
    cargo.arg("--manifest-path").arg(root.join(PUBLISHED));
    // What it prints is for those who build with them.
    process::run(cargo.arg(&crates).stdout(Stdio::null()))?;
    Ok(crates)
}

fn empty(folder: &Path) -> Result<(), Error> {
    let failed = || vm::Error::file("empty", folder);
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(failed())?;
    }
    Ok(fs::create_dir_all(folder).map_err(failed())?)
}

/// Where this machine has its packages from.
fn site() -> Result<String, Error> {
    let targets = [
        "indextargets",
        "--format",
        "$(SITE)",
        "Created-By: Packages",
    ];
    let output = Command::new("apt-get")
        .args(targets)
        .output()
        .map_err(vm::Error::file("run", Path::new("apt-get")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// A release's packages, beside those that this machine installs.
struct Apt {
    folder: PathBuf,
    sources: PathBuf,
}

impl Apt {
    fn new(folder: &Path, site: &str, release: &str) -> Result<Self, Error> {
        let folder = folder.join(release);
        for part in ["lists/partial", "cache/archives/partial", "files"] {
            let part = folder.join(part);
            fs::create_dir_all(&part).map_err(vm::Error::file("make", &part))?;
        }
        let sources = folder.join("sources.list");
        let line = format!("deb [signed-by={KEYS}] {site} {release} main\n");
        fs::write(&sources, line).map_err(vm::Error::file("write", &sources))?;
        Ok(Self { folder, sources })
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        let option = |name: &str, path: &Path| format!("{name}={}", path.display());
        command.args(["-o", &option("Dir::Etc::SourceList", &self.sources)]);
        command.args(["-o", "Dir::Etc::SourceParts=/dev/null"]);
        command.args([
            "-o",
            &option("Dir::State::Lists", &self.folder.join("lists")),
        ]);
        command.args(["-o", &option("Dir::Cache", &self.folder.join("cache"))]);
        // The user who downloads for root may not write here.
        command.args(["-o", "APT::Sandbox::User=root"]);
        command
    }

    /// The file of a package, fetched if there is no other version of it yet; `None` where the release does
    /// not have it.
    fn download(&self, package: &str) -> Result<Option<PathBuf>, Error> {
        let files = self.folder.join("files");
        let start = format!("{package}_");
        let find = || -> Result<Option<PathBuf>, Error> {
            let entries = fs::read_dir(&files).map_err(vm::Error::file("read", &files))?;
            let paths = entries.flatten().map(|entry| entry.path());
            let is_it = |path: &PathBuf| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with(&start) && name.ends_with(".deb")
            };
            Ok(paths.into_iter().find(is_it))
        };
        if let Some(file) = find()? {
            return Ok(Some(file));
        }
        let mut command = self.command();
        command
            .current_dir(&files)
            .args(["-qq", "download", package]);
        match process::status(&mut command)?.success() {
            true => find(),
            false => Ok(None),
        }
    }
}

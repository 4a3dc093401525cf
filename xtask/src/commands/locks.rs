//! `cargo xtask locks`: the packages of ctxgen, in crates with other versions of their dependencies than here.
//!
//! It downloads what it resolves to, so it is no part of `cargo xtask test`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use clap::ValueEnum;

use crate::debian;
use crate::error::Error;
use crate::needs;
use crate::needs::User;
use crate::process;
use crate::workspace;

/// The crate that ctxgen is added to.
const TEMPLATE: &str = "example-bpf/template";
const TEMPLATE_FILES: [&str; 4] = ["build.rs", "kernels", "src", "Cargo.toml"];
/// The line of its manifest that takes ctxgen-build from the registry.
const BUILD: &str = "\nctxgen-build = \"0.1\"\n";

/// The oldest syn 2 that the dependencies of a crate with libbpf-rs can have.
const SYN: &str = "2.0.87";

/// The packages that are published, and what the tests of these need.
const PACKAGES: [&str; 3] = ["ctxgen", "ctxgen-build", "tests/layers"];
/// The members of a workspace of them and of the template.
const MEMBERS: &str =
    r#"["ctxgen", "ctxgen-build", "ctxgen/cli", "tests/layers", "example-bpf/template"]"#;

/// Check a crate that uses ctxgen with the oldest, the newest, and locked versions of dependencies
#[derive(Args, Debug)]
pub(crate) struct Locks {
    /// Which versions [default: all of these]
    versions: Vec<Versions>,
    /// Install the Debian packages that are missing
    #[arg(long)]
    setup: bool,
}

/// Versions of dependencies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Versions {
    /// A lock file from before ctxgen was added, with an old syn 2: it must not change
    Locked,
    /// The oldest that ctxgen's manifests allow
    Oldest,
    /// The newest that they allow
    Newest,
}

impl Locks {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        debian::provide("locks", &needs::of(&[User::Build]), self.setup)?;
        let root = workspace::root();
        let place = Place {
            folder: workspace::target_dir(&root).join("locks"),
            root,
        };
        let versions = match self.versions.is_empty() {
            true => Versions::value_variants(),
            false => &self.versions,
        };
        for versions in versions {
            match versions {
                Versions::Locked => place.locked()?,
                Versions::Oldest => place.oldest()?,
                Versions::Newest => place.newest()?,
            }
        }
        Ok(())
    }
}

/// Where crates are made.
struct Place {
    root: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// ctxgen is added to a crate whose lock file is there.
    fn locked(&self) -> Result<(), Error> {
        let krate = self.crate_folder("locked")?;
        let template = self.template()?;
        let before = with_syn(&template.replace(BUILD, "\n"));
        write(&krate.join("Cargo.toml"), &before)?;
        process::run(cargo(&krate).arg("generate-lockfile"))?;
        process::run(cargo(&krate).args(["update", "syn@2", "--precise", SYN]))?;
        let lock = krate.join("Cargo.lock");
        let old = packages(&read(&lock)?);
        write(
            &krate.join("Cargo.toml"),
            &with_syn(&self.with_ctxgen(&template)),
        )?;
        self.check(&krate, &[])?;
        let new = packages(&read(&lock)?);
        let changed: Vec<String> = old.difference(&new).cloned().collect();
        match changed.is_empty() {
            true => Ok(()),
            false => Err(Error::Locks { changed }),
        }
    }

    /// A workspace of the packages that are published: cargo takes the oldest versions of what its members name.
    fn oldest(&self) -> Result<(), Error> {
        let workspace = self.folder.join("oldest");
        remove(&workspace)?;
        for package in PACKAGES {
            copy(&self.root.join(package), &workspace.join(package))?;
        }
        let krate = workspace.join(TEMPLATE);
        self.copy_template(&krate)?;
        let manifest = read(&self.root.join("Cargo.toml"))?;
        write(&workspace.join("Cargo.toml"), &with_members(&manifest))?;
        let member = as_member(&self.with_ctxgen(&self.template()?));
        let member = member.replace(&format!("{}/", self.root.display()), "../../");
        write(&krate.join("Cargo.toml"), &member)?;
        // Stable cargo has the option, and hides it.
        let mut update = cargo(&workspace);
        update.env("RUSTC_BOOTSTRAP", "1");
        process::run(update.args(["update", "-Z", "direct-minimal-versions"]))?;
        let packages = ["--package", "execwatch", "--package", "ctxgen-cli"];
        let all = [&packages[..], &["--locked"]].concat();
        self.check(&workspace, &all)
    }

    /// A crate without a lock file.
    fn newest(&self) -> Result<(), Error> {
        let krate = self.crate_folder("newest")?;
        let manifest = self.with_ctxgen(&self.template()?);
        write(&krate.join("Cargo.toml"), &manifest)?;
        self.check(&krate, &[])
    }

    /// A copy of the template that has never been built.
    fn crate_folder(&self, name: &str) -> Result<PathBuf, Error> {
        let krate = self.folder.join(name);
        remove(&krate)?;
        self.copy_template(&krate)?;
        Ok(krate)
    }

    fn copy_template(&self, krate: &Path) -> Result<(), Error> {
        fs::create_dir_all(krate).map_err(failed(krate))?;
        for name in TEMPLATE_FILES {
            copy(&self.root.join(TEMPLATE).join(name), &krate.join(name))?;
        }
        Ok(())
    }

    fn template(&self) -> Result<String, Error> {
        let manifest = read(&self.root.join(TEMPLATE).join("Cargo.toml"))?;
        Ok(format!("{manifest}\n[workspace]\n"))
    }

    /// The template's manifest with all of ctxgen that a crate can use.
    fn with_ctxgen(&self, template: &str) -> String {
        let root = self.root.display();
        let build = format!(
            "\nctxgen-build = {{ path = \"{root}/ctxgen-build\", features = [\"images\", \"rust-programs\"] }}\n"
        );
        let run = format!(
            "\n[dependencies]\nctxgen-bpf = {{ path = \"{root}/ctxgen\", features = [\"cli\"] }}\n"
        );
        template
            .replace(BUILD, &build)
            .replace("\n[dependencies]\n", &run)
    }

    /// Has cargo check a crate, which runs its build script.
    fn check(&self, folder: &Path, arguments: &[&str]) -> Result<(), Error> {
        let btf = format!("{TEMPLATE}/kernels/{}.btf", std::env::consts::ARCH);
        let mut check = cargo(folder);
        check
            .arg("check")
            .args(arguments)
            .env("CTXGEN_BTF", self.root.join(btf))
            .env("CARGO_TARGET_DIR", self.folder.join("target"));
        process::run(&mut check)
    }
}

fn cargo(folder: &Path) -> Command {
    let mut cargo = workspace::cargo();
    cargo.current_dir(folder);
    cargo
}

/// The manifest of a crate that uses syn itself.
fn with_syn(manifest: &str) -> String {
    let syn = "\n[dependencies]\nsyn = \"2\"\n";
    manifest.replace("\n[dependencies]\n", syn)
}

/// The workspace's manifest with other members.
fn with_members(manifest: &str) -> String {
    let is_kept =
        |line: &&str| !line.starts_with("default-members") && !line.starts_with("exclude");
    let of_line = |line: &str| match line.starts_with("members") {
        true => format!("members = {MEMBERS}\n"),
        false => format!("{line}\n"),
    };
    manifest.lines().filter(is_kept).map(of_line).collect()
}

/// The manifest of a crate in a workspace: without what only a workspace's root can have.
fn as_member(manifest: &str) -> String {
    let manifest = manifest.replace("\n[workspace]\n", "\n");
    let is_profile = |table: &&str| table.starts_with("profile.");
    let mut tables = manifest.split("\n[");
    let first = tables.next().unwrap_or_default().to_owned();
    let rest = tables.filter(|table| !is_profile(table));
    rest.fold(first, |text, table| format!("{text}\n[{table}"))
}

/// The packages in a lock file, each with its version.
fn packages(lock: &str) -> BTreeSet<String> {
    let packages = lock.split("[[package]]").skip(1);
    packages
        .filter_map(|package| {
            let value = |key: &str| {
                let mut lines = package.lines();
                lines.find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))
            };
            let [name, version] = ["name", "version"].map(value);
            Some(format!("{} {}", name?, version?).replace('"', ""))
        })
        .collect()
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(failed(path))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(failed(path))
}

fn remove(folder: &Path) -> Result<(), Error> {
    match folder.exists() {
        true => fs::remove_dir_all(folder).map_err(failed(folder)),
        false => Ok(()),
    }
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop).map_err(failed(from));
    }
    fs::create_dir_all(to).map_err(failed(to))?;
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let name = entry.map_err(failed(from))?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests() {
        let place = Place {
            root: workspace::root(),
            folder: PathBuf::new(),
        };
        let template = place.template().unwrap();
        assert!(template.contains(BUILD));
        let manifest = with_syn(&place.with_ctxgen(&template));
        for line in [
            "syn = \"2\"",
            "ctxgen-bpf = { path = ",
            "ctxgen-build = { path = ",
            "[profile.dev]",
            "[workspace]",
        ] {
            assert!(manifest.contains(&format!("\n{line}")), "{manifest}");
        }
        let member = as_member(&manifest);
        assert!(!member.contains("[profile") && !member.contains("[workspace]"));
        assert!(member.contains("\n[build-dependencies]\n"), "{member}");

        let root = with_members(&read(&place.root.join("Cargo.toml")).unwrap());
        assert!(root.contains(&format!("\nmembers = {MEMBERS}\n")), "{root}");
        assert!(!root.contains("exclude ="), "{root}");
    }

    #[test]
    fn packages_of_a_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"syn\"\nversion = \"2.0.87\"\nsource = \"x\"\n\n\
                    [[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"syn\",\n]\n";
        let expected = ["own 0.1.0", "syn 2.0.87"].map(str::to_owned);
        assert_eq!(packages(lock), BTreeSet::from(expected));
    }
}

//! Installing what is missing, from Debian's packages.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::process::Command;
use std::process::Stdio;

use crate::error::Error;
use crate::machine;
use crate::needs;
use crate::needs::Installed;
use crate::needs::Missing;
use crate::needs::Need;
use crate::privilege;
use crate::process;
use crate::workspace;

/// What is missing, and how to come by it.
#[derive(Debug)]
pub(crate) struct Advice {
    subcommand: &'static str,
    missing: Vec<Missing>,
    means: Means,
}

/// As whom packages can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    Root,
    Sudo,
    Nobody,
}

/// See to it that `needs` are met: with `setup` install what is missing, without it say what that
/// is.
pub(crate) fn provide(
    subcommand: &'static str,
    needs: &[&'static Need],
    setup: bool,
) -> Result<(), Error> {
    let Some(advice) = Advice::on(subcommand, needs) else {
        return Ok(());
    };
    if !setup {
        return Err(Error::Missing(advice));
    }
    eprintln!("missing here: {}", advice.names().join(", "));
    let advice = install_packages(advice)?;
    install_components(&advice)?;
    install_crates(&advice)?;
    match Advice::on(subcommand, needs) {
        None => Ok(()),
        Some(advice) => Err(Error::StillMissing(advice)),
    }
}

/// Installs what of `needs` is missing and can be had. None of it has to be there.
pub(crate) fn provide_wanted(subcommand: &'static str, needs: &[&'static Need]) {
    let warn = |error| eprintln!("warning: {error}; tests go without it");
    if let Some(advice) = Advice::on(subcommand, needs) {
        install_known_packages(advice).unwrap_or_else(warn);
    }
    // What cargo compiles needs packages, which are there now or cannot be had.
    let Some(mut advice) = Advice::on(subcommand, needs) else {
        return;
    };
    install_components(&advice).unwrap_or_else(warn);
    let has = |user| {
        let of_user = needs.iter().filter(|need| need.user == user);
        let packages: Vec<_> = of_user
            .copied()
            .filter(|need| !need.source.packages().is_empty())
            .collect();
        needs::missing(&packages).is_empty()
    };
    advice.missing.retain(|missing| has(missing.need.user));
    install_crates(&advice).unwrap_or_else(warn);
}

/// Installs the packages that this distribution has.
fn install_known_packages(mut advice: Advice) -> Result<(), Error> {
    if !is_on_path("apt-get") || advice.means == Means::Nobody || advice.packages().is_empty() {
        return Ok(());
    }
    let sudo = advice.means == Means::Sudo;
    if let Err(error) = process::run(&mut apt_get(sudo, &["update"])) {
        eprintln!("warning: {error}; trying with the package lists that are here");
    }
    // `install` fails for all of them where one is unknown.
    let is_known = |package: &&str| {
        let arguments = ["show", "--no-all-versions", package];
        process::succeeds(Command::new("apt-cache").args(arguments))
    };
    advice
        .missing
        .retain(|missing| missing.need.source.packages().iter().all(is_known));
    let packages = advice.packages();
    if packages.is_empty() {
        return Ok(());
    }
    process::run(apt_get(sudo, &INSTALL).args(packages))
}

fn install_packages(advice: Advice) -> Result<Advice, Error> {
    let packages = advice.packages();
    if packages.is_empty() {
        return Ok(advice);
    }
    let release = fs::read_to_string("/etc/os-release")
        .or_else(|_| fs::read_to_string("/usr/lib/os-release"))
        .unwrap_or_default();
    if !is_debian(&release) || !is_on_path("apt-get") {
        return Err(Error::NotDebian {
            system: system(&release),
            advice,
        });
    }
    let sudo = match advice.means {
        Means::Root => false,
        Means::Sudo => true,
        Means::Nobody => return Err(Error::NotRoot(advice)),
    };
    // One list of several that cannot be fetched need not be the one that matters; the installation
    // itself will tell.
    if let Err(error) = process::run(&mut apt_get(sudo, &["update"])) {
        eprintln!("warning: {error}; trying with the package lists that are here");
    }
    let mut install = apt_get(sudo, &INSTALL);
    process::run(install.args(packages))?;
    Ok(advice)
}

fn install_components(advice: &Advice) -> Result<(), Error> {
    let components = advice.components();
    // A toolchain that is not rustup's cannot be added to from here: what is missing is then named
    // by the caller, which looks again.
    if components.is_empty() || !is_on_path("rustup") {
        return Ok(());
    }
    process::run(
        Command::new("rustup")
            .args(["component", "add"])
            .args(components),
    )
}

fn install_crates(advice: &Advice) -> Result<(), Error> {
    for installed in advice.installed() {
        let (name, value) = installed.variable;
        let mut cargo = workspace::cargo();
        cargo.arg("install").args(installed.arguments);
        process::run(cargo.env(name, value))?;
    }
    Ok(())
}

/// What is recommended along with clang is ten times what is needed.
const INSTALL: [&str; 3] = ["install", "--yes", "--no-install-recommends"];

fn apt_get(sudo: bool, arguments: &[&str]) -> Command {
    let mut command = if sudo {
        // sudo hands on no environment by itself.
        let mut command = Command::new("sudo");
        command.args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    } else {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    // No package may stop to ask something; sudo asks at the terminal all the same.
    command.args(arguments).stdin(Stdio::null());
    command
}

fn is_on_path(program: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    machine::find(OsStr::new(program), &path).is_some()
}

/// Whether an os-release file is that of Debian or of something made from it.
fn is_debian(release: &str) -> bool {
    value(release, "ID") == Some("debian")
        || value(release, "ID_LIKE").is_some_and(|like| like.split(' ').any(|id| id == "debian"))
}

/// What an os-release file says the system is called.
fn system(release: &str) -> String {
    value(release, "PRETTY_NAME")
        .or_else(|| value(release, "ID"))
        .unwrap_or("a system without an /etc/os-release")
        .to_owned()
}

fn value<'r>(release: &'r str, key: &str) -> Option<&'r str> {
    let value = release.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        (name.trim() == key).then_some(value)
    })?;
    Some(value.trim().trim_matches(['"', '\'']))
}

impl Advice {
    /// What of `needs` is missing on this machine, if anything is.
    fn on(subcommand: &'static str, needs: &[&'static Need]) -> Option<Self> {
        let missing = needs::missing(needs);
        if missing.is_empty() {
            return None;
        }
        Some(Self {
            subcommand,
            missing,
            means: if privilege::is_root() {
                Means::Root
            } else if is_on_path("sudo") {
                Means::Sudo
            } else {
                Means::Nobody
            },
        })
    }

    fn names(&self) -> Vec<&'static str> {
        self.missing
            .iter()
            .map(|missing| missing.need.name)
            .collect()
    }

    /// Debian's packages that have what is missing.
    pub(crate) fn packages(&self) -> Vec<&'static str> {
        self.missing
            .iter()
            .flat_map(|missing| missing.need.source.packages())
            .copied()
            .collect()
    }

    fn components(&self) -> Vec<&'static str> {
        self.missing
            .iter()
            .filter_map(|missing| missing.need.source.component())
            .collect()
    }

    fn installed(&self) -> impl Iterator<Item = &'static Installed> {
        self.missing
            .iter()
            .filter_map(|missing| missing.need.source.installed())
    }
}

impl Advice {
    /// The commands that install what is missing, indented, a line each.
    pub(crate) fn by_hand(&self) -> String {
        let mut lines = Vec::new();
        let packages = self.packages();
        if !packages.is_empty() {
            let sudo = if self.means == Means::Sudo {
                "sudo "
            } else {
                ""
            };
            let install = INSTALL.join(" ");
            lines.push(format!("  {sudo}apt-get {install} {}", packages.join(" ")));
        }
        let components = self.components();
        if !components.is_empty() {
            lines.push(format!("  rustup component add {}", components.join(" ")));
        }
        for installed in self.installed() {
            let ((name, value), arguments) = (installed.variable, installed.arguments.join(" "));
            lines.push(format!("  {name}={value} cargo install {arguments}"));
        }
        lines.join("\n")
    }

    /// The subcommand that installs what is missing.
    pub(crate) fn setup(&self) -> String {
        format!("cargo xtask {} --setup", self.subcommand)
    }
}

/// What is missing, indented, a line each.
impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Missing { need, sought }) in self.missing.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}  {}: {sought} ({})", need.name, need.purpose)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(name: &str) -> Missing {
        let need = needs::NEEDS.iter().find(|need| need.name == name);
        let need = need.unwrap();
        Missing {
            need,
            sought: format!("no {name}"),
        }
    }

    fn advice(names: &[&str], means: Means) -> Advice {
        Advice {
            subcommand: "test",
            missing: names.iter().map(|name| missing(name)).collect(),
            means,
        }
    }

    #[test]
    fn debian_and_its_relatives() {
        assert!(is_debian("NAME=\"Debian GNU/Linux\"\nID=debian\n"));
        assert!(is_debian("ID=ubuntu\nID_LIKE=debian\n"));
        assert!(is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\n"));
        assert!(!is_debian("ID=arch\nID_LIKE=\"notdebian\"\n"));
        assert!(!is_debian("VERSION_ID=debian\n"));
        assert!(!is_debian(""));
    }

    #[test]
    fn systems_are_named() {
        assert_eq!(
            system("ID=fedora\nPRETTY_NAME=\"Fedora Linux 43\"\n"),
            "Fedora Linux 43"
        );
        assert_eq!(system("ID=fedora\n"), "fedora");
        assert_eq!(system(""), "a system without an /etc/os-release");
    }

    #[test]
    fn one_message_names_everything() {
        let advice = advice(&["a C compiler", "clang", "bpftool", "clippy"], Means::Root);
        assert_eq!(
            Error::Missing(advice).to_string(),
            "not everything that is needed is here:\n  \
               a C compiler: no a C compiler (it builds libbpf)\n  \
               clang: no clang (it compiles the BPF programs)\n  \
               bpftool: no bpftool (tests hold what we write against what it reads)\n  \
               clippy: no clippy (it checks the source code for common mistakes)\n\
             `cargo xtask test --setup` installs what is missing on Debian; by hand that is\n  \
               apt-get install --yes --no-install-recommends gcc libc6-dev clang bpftool\n  \
               rustup component add clippy"
        );
    }

    #[test]
    fn other_systems_are_not_told_to_run_apt_get() {
        let error = Error::NotDebian {
            system: "Fedora Linux 43".to_owned(),
            advice: advice(&["make", "zlib"], Means::Root),
        };
        assert_eq!(
            error.to_string(),
            "--setup installs packages on Debian and its relatives only, and this is \
             Fedora Linux 43. What is missing here:\n  \
               make: no make (it builds libbpf)\n  \
               zlib: no zlib (libbpf reads compressed kernel configurations with it)\n\
             Debian's packages of it are make, zlib1g-dev; install what they are called there"
        );
    }

    #[test]
    fn only_what_applies_is_said() {
        assert_eq!(
            advice(&["zlib"], Means::Sudo).by_hand(),
            "  sudo apt-get install --yes --no-install-recommends zlib1g-dev"
        );
        assert_eq!(
            advice(&["rustfmt", "clippy"], Means::Root).by_hand(),
            "  rustup component add rustfmt clippy"
        );
        assert_eq!(
            advice(&["bpf-linker"], Means::Root).by_hand(),
            "  LLVM_PREFIX=/usr/lib/llvm-22 cargo install bpf-linker@0.13.0 --debug --no-default-features \
             --features=llvm-22 --locked"
        );
        assert_eq!(
            advice(&["make"], Means::Nobody).by_hand(),
            "  apt-get install --yes --no-install-recommends make"
        );
    }

    #[test]
    fn apt_get_never_asks() {
        let root = apt_get(false, &INSTALL);
        let set = root.get_envs().collect::<Vec<_>>();
        assert_eq!(
            set,
            [(
                OsStr::new("DEBIAN_FRONTEND"),
                Some(OsStr::new("noninteractive"))
            )]
        );
        let user = apt_get(true, &["update"]);
        assert_eq!(user.get_program(), "sudo");
        assert_eq!(
            user.get_args().collect::<Vec<_>>(),
            ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "update"]
        );
    }
}

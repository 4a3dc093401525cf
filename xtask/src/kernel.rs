//! Whose kernel's BTF the sample programs are built against.

use std::env;
use std::env::consts::ARCH;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::fs::File;
use std::path;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;

/// Where Linux shows the running kernel's BTF.
pub(crate) const RUNNING: &str = "/sys/kernel/btf/vmlinux";

/// What the build scripts ask for the BTF to use; with `_` and a target behind it, for that target.
const VARIABLE: &str = "CTXGEN_BTF";

/// The BTF to build against, by where it was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Btf {
    /// Named on the command line.
    Given(PathBuf),
    /// Named in the environment, where the build scripts find it by themselves.
    Environment { variable: String, path: PathBuf },
    /// That of the running kernel.
    Running,
    /// The small one that comes with the sample programs.
    Shipped(PathBuf),
}

impl Btf {
    /// The one at `path`, which is relative to the current folder.
    pub(crate) fn given(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Btf {
            path: path.to_owned(),
            source,
        };
        File::open(path).map_err(unreadable)?;
        // Build scripts have another current folder. The file's own name stays as it was given: the
        // kernel is known by it.
        let absolute = path::absolute(path).map_err(unreadable)?;
        match (absolute.parent(), absolute.file_name()) {
            (Some(folder), Some(name)) => {
                let folder = folder.canonicalize().map_err(unreadable)?;
                Ok(Self::Given(folder.join(name)))
            }
            _ => Ok(Self::Given(absolute)),
        }
    }

    /// The one to use where none was named on the command line.
    pub(crate) fn resolve(root: &Path) -> Result<Self, Error> {
        let variables = env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, PathBuf::from(value))));
        if let Some((variable, path)) = in_environment(variables) {
            return Ok(Self::Environment { variable, path });
        }
        if File::open(RUNNING).is_ok() {
            return Ok(Self::Running);
        }
        let shipped = samples(root).join("btf").join(format!("{ARCH}.btf"));
        if shipped.is_file() {
            Ok(Self::Shipped(shipped))
        } else {
            Err(Error::NoBtf {
                running: RUNNING,
                shipped,
            })
        }
    }

    /// Have `cargo` and the build scripts it runs use this one.
    pub(crate) fn apply(&self, cargo: &mut Command) {
        match self {
            Self::Given(path) => {
                for (name, _) in env::vars_os() {
                    // What is set for the target would win over what was given here.
                    if is_variable(&name.to_string_lossy()) {
                        cargo.env_remove(name);
                    }
                }
                cargo.env(VARIABLE, path);
            }
            Self::Shipped(path) => {
                cargo.env(VARIABLE, path);
            }
            // By themselves, they would take the one that comes with the sample programs.
            Self::Running => {
                cargo.env(VARIABLE, RUNNING);
            }
            Self::Environment { .. } => {}
        }
    }

    /// Whether programs built against it are programs for the running kernel.
    pub(crate) fn is_running(&self, root: &Path) -> bool {
        match self {
            Self::Running => true,
            Self::Shipped(_) => false,
            Self::Given(path) => same_contents(path, Path::new(RUNNING)),
            // Build scripts run in their package's folder.
            Self::Environment { path, .. } => {
                same_contents(&samples(root).join(path), Path::new(RUNNING))
            }
        }
    }

    /// The kernel it is of: the running one, or one that only the file's name can tell.
    pub(crate) fn kernel(&self, root: &Path) -> String {
        match self {
            // It is of some kernel of that architecture, and nobody needs to know of which.
            Self::Shipped(_) => "of the shipped BTF".to_owned(),
            Self::Given(path) | Self::Environment { path, .. } if !self.is_running(root) => {
                name_of(path)
            }
            _ => running_release(),
        }
    }
}

impl fmt::Display for Btf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(path) | Self::Shipped(path) => write!(f, "{}", path.display()),
            Self::Environment { variable, path } => {
                write!(f, "{}, from {variable}", path.display())
            }
            Self::Running => write!(f, "{RUNNING}"),
        }
    }
}

fn samples(root: &Path) -> PathBuf {
    root.join("example-bpf")
}

/// The variable that names a BTF; one for a target before the one for all.
fn in_environment(variables: impl Iterator<Item = (String, PathBuf)>) -> Option<(String, PathBuf)> {
    variables
        .filter(|(name, value)| is_variable(name) && value.as_os_str() != OsStr::new(""))
        .max_by_key(|(name, _)| name.len())
}

fn is_variable(name: &str) -> bool {
    name.strip_prefix(VARIABLE)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn running_release() -> String {
    match fs::read_to_string("/proc/sys/kernel/osrelease") {
        Ok(release) => release.trim().to_owned(),
        Err(_) => "the running one".to_owned(),
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    name.strip_suffix(".btf").unwrap_or(&name).to_owned()
}

fn same_contents(left: &Path, right: &Path) -> bool {
    let size = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    // Sizes first: one of the two may be a whole kernel with its debugging information.
    size(left) == size(right)
        && match (fs::read(left), fs::read(right)) {
            (Ok(left), Ok(right)) => left == right,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<'v>(
        set: &'v [(&'v str, &'v str)],
    ) -> impl Iterator<Item = (String, PathBuf)> + 'v {
        set.iter()
            .map(|(name, value)| ((*name).to_owned(), PathBuf::from(value)))
    }

    #[test]
    fn the_variable_for_a_target_wins() {
        let both = [
            ("CTXGEN_BTF", "/all.btf"),
            ("CTXGEN_BTF_x86_64_unknown_linux_gnu", "/x86.btf"),
        ];
        let (variable, path) = in_environment(variables(&both)).unwrap();
        assert_eq!(variable, "CTXGEN_BTF_x86_64_unknown_linux_gnu");
        assert_eq!(path, Path::new("/x86.btf"));
    }

    #[test]
    fn other_and_empty_variables_do_not_count() {
        let none = [
            ("CTXGEN_BTF", ""),
            ("CTXGEN_BTFS", "/a"),
            ("MY_CTXGEN_BTF", "/b"),
        ];
        assert_eq!(in_environment(variables(&none)), None);
    }

    #[test]
    fn what_was_found_is_told_to_the_build_scripts() {
        for (btf, path) in [
            (Btf::Given("/given.btf".into()), "/given.btf"),
            (Btf::Shipped("/shipped.btf".into()), "/shipped.btf"),
            (Btf::Running, RUNNING),
        ] {
            let mut cargo = Command::new("cargo");
            btf.apply(&mut cargo);
            let set = |(name, value): (&OsStr, Option<&OsStr>)| {
                name == "CTXGEN_BTF" && value == Some(OsStr::new(path))
            };
            assert!(cargo.get_envs().any(set), "{btf}");
        }
        let mut cargo = Command::new("cargo");
        Btf::Environment {
            variable: VARIABLE.to_owned(),
            path: "/set.btf".into(),
        }
        .apply(&mut cargo);
        assert_eq!(cargo.get_envs().count(), 0);
    }

    #[test]
    fn paths_are_made_the_same_however_they_are_spelt() {
        let here = env::current_dir().unwrap().canonicalize().unwrap();
        let plain = Btf::given(Path::new("Cargo.toml")).unwrap();
        assert_eq!(plain, Btf::Given(here.join("Cargo.toml")));
        assert_eq!(plain, Btf::given(Path::new("src/../Cargo.toml")).unwrap());
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Btf::given(Path::new("/nowhere/5.10.btf")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the BTF in /nowhere/5.10.btf: "),
            "{error}"
        );
    }

    #[test]
    fn kernels_are_named_after_files() {
        let name = |path: &str| Btf::Given(path.into()).kernel(Path::new(""));
        assert_eq!(name("/btf/6.1.192-amd64-cloud.btf"), "6.1.192-amd64-cloud");
        assert_eq!(name("/boot/vmlinux-6.12"), "vmlinux-6.12");
        assert_eq!(name("/"), "/");
    }
}

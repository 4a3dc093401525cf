//! Where a kernel's BTF came from.

use std::fmt;
use std::path::PathBuf;

/// Where the kernel shows its own BTF.
pub const RUNNING_BTF: &str = "/sys/kernel/btf/vmlinux";

/// Where a kernel BTF came from, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// The running kernel, of this release where it is known.
    Running {
        /// As `uname -r` says.
        release: Option<String>,
    },
    /// A file.
    File(PathBuf),
    /// Bytes in memory, by a name that the caller gave them.
    Memory(String),
    /// A kernel and modules of it.
    WithModules {
        /// Where the kernel's own BTF came from.
        vmlinux: Box<Self>,
        /// The modules' names, in the order in which they were added.
        modules: Box<[String]>,
    },
}

impl Origin {
    /// The running kernel, of whatever release it is.
    pub(crate) fn running() -> Self {
        Self::Running {
            release: running_release(),
        }
    }

    /// Whether it is the running kernel, with or without modules.
    pub fn is_running(&self) -> bool {
        match self {
            Self::Running { .. } => true,
            Self::WithModules { vmlinux, .. } => vmlinux.is_running(),
            Self::File(_) | Self::Memory(_) => false,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running {
                release: Some(release),
            } => write!(f, "the running kernel ({release}, {RUNNING_BTF})"),
            Self::Running { release: None } => write!(f, "the running kernel ({RUNNING_BTF})"),
            Self::File(path) => path.display().fmt(f),
            Self::Memory(name) => f.write_str(name),
            Self::WithModules { vmlinux, modules } => {
                write!(f, "{vmlinux} with {}", modules.join(", "))
            }
        }
    }
}

/// What `uname -r` says, from where it needs no system call of our own.
fn running_release() -> Option<String> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    Some(release.trim().to_owned())
}

//! The compilers that tests are run with.
//!
//! What clang makes of an access to a context differs from version to version, and so does what the
//! verifier refuses. Tests of that run with each of [`WANTED`] that is installed, and with the one that
//! builds use.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::skip;

/// Debian 12's, that of Debian 13, and the newest that they have been tried with.
const WANTED: [u32; 3] = [14, 19, 22];

/// The first version that has the attribute `preserve_static_offset`.
const STATIC_OFFSETS: u32 = 18;

/// A clang that is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clang {
    /// A path, or a name on `PATH`.
    pub path: PathBuf,
    /// The major version.
    pub version: u32,
}

impl Clang {
    /// The one that builds use: `CLANG`, or else `clang`.
    ///
    /// # Panics
    /// If it does not run.
    pub fn of_builds() -> &'static Self {
        &installed()[0]
    }

    fn find(name: OsString) -> Option<Self> {
        let output = Command::new(&name).arg("--version").output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (_, rest) = text.split_once("clang version ")?;
        let version = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        Some(Self {
            path: name.into(),
            version: version.parse().ok()?,
        })
    }

    /// Whether it keeps the offsets of fixed contexts' fields.
    pub fn keeps_static_offsets(&self) -> bool {
        self.version >= STATIC_OFFSETS
    }
}

impl fmt::Display for Clang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "clang {}", self.version)
    }
}

/// The clangs that are installed, each version once, that of builds first. Which are not is said.
///
/// # Panics
/// If that of builds does not run.
pub fn clangs(what: &str) -> &'static [Clang] {
    let found = installed();
    for version in WANTED {
        if !found.iter().any(|clang| clang.version == version) {
            skip(
                &format!("{what}, with clang {version}"),
                &format!("there is no clang-{version} here"),
            );
        }
    }
    found
}

fn installed() -> &'static [Clang] {
    static FOUND: OnceLock<Vec<Clang>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let of_builds = std::env::var_os("CLANG").unwrap_or_else(|| OsString::from("clang"));
        let of_builds = Clang::find(of_builds).unwrap_or_else(|| panic!("clang does not run"));
        let mut found = vec![of_builds];
        for version in WANTED {
            let is_new = |clang: &Clang| found.iter().all(|other| other.version != clang.version);
            let clang = Clang::find(format!("clang-{version}").into());
            found.extend(clang.filter(is_new));
        }
        found
    })
}

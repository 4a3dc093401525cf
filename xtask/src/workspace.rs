//! Where the workspace is, and cargo run in it.

use std::env;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

/// The profile that tests are built with; what it builds is in a folder of that name.
pub(crate) const SUITE: &str = "suite";

/// The folder of the workspace's Cargo.toml.
pub(crate) fn root() -> PathBuf {
    // What cargo says when it runs us comes first: the compiled-in path is that of another checkout
    // where several share one target folder.
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or_else(PathBuf::new, Path::to_owned)
}

/// The cargo that runs us, to be run as if we did not stand between it and the user.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    // Build scripts may ask to be run again when one of these changes, so they would be whenever
    // the user changes between `cargo xtask` and plain cargo.
    for (name, _) in env::vars_os() {
        if is_of_our_package(&name) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir(root: &Path) -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}

fn is_of_our_package(variable: &OsStr) -> bool {
    let Some(name) = variable.to_str() else {
        return false;
    };
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || [
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
            "CARGO_PRIMARY_PACKAGE",
        ]
        .contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_has_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"));
    }

    #[test]
    fn only_our_own_variables_are_hidden() {
        for ours in [
            "CARGO_PKG_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
        ] {
            assert!(is_of_our_package(OsStr::new(ours)), "{ours}");
        }
        for theirs in [
            "CARGO",
            "CARGO_HOME",
            "CARGO_TARGET_DIR",
            "CTXGEN_BTF",
            "RUSTFLAGS",
        ] {
            assert!(!is_of_our_package(OsStr::new(theirs)), "{theirs}");
        }
    }
}

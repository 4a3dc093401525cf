//! What cargo is told.

use std::fmt::Write;
use std::path::PathBuf;

use crate::builder::Artifacts;

/// The lines of a build script's output for a finished build.
pub(crate) fn lines(artifacts: &Artifacts) -> String {
    let env = artifacts.depends_on_env.iter().map(String::as_str);
    let mut out = rerun(&artifacts.depends_on, env);
    for warning in &artifacts.warnings {
        // One directive is one line.
        for line in warning.lines() {
            let _ = writeln!(out, "cargo::warning={line}");
        }
    }
    out
}

/// The lines that say what a build depends on: files and environment variables.
pub(crate) fn rerun<'a>(
    files: impl IntoIterator<Item = &'a PathBuf>,
    env: impl IntoIterator<Item = &'a str>,
) -> String {
    let mut out = String::new();
    for path in files {
        let _ = writeln!(out, "cargo::rerun-if-changed={}", path.display());
    }
    for name in env {
        let _ = writeln!(out, "cargo::rerun-if-env-changed={name}");
    }
    out
}

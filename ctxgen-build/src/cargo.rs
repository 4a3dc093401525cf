//! What cargo is told.

use std::fmt::Write;

use crate::builder::Artifacts;

/// The lines of a build script's output for a finished build.
pub(crate) fn lines(artifacts: &Artifacts) -> String {
    let mut out = String::new();
    for path in &artifacts.depends_on {
        let _ = writeln!(out, "cargo::rerun-if-changed={}", path.display());
    }
    for name in &artifacts.depends_on_env {
        let _ = writeln!(out, "cargo::rerun-if-env-changed={name}");
    }
    for warning in &artifacts.warnings {
        // One directive is one line.
        for line in warning.lines() {
            let _ = writeln!(out, "cargo::warning={line}");
        }
    }
    out
}

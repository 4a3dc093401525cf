//! The judge on this machine's own kernel.

use std::ffi::OsStr;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use super::Plan;
use crate::workspace;

/// Asks the running kernel about a plan; `scratch` is a folder for what that takes.
///
/// # Errors
/// A sentence that says what could not be done.
pub fn ask(plan: &Plan, scratch: &Path) -> Result<String, String> {
    let judge = compile(scratch)?;
    let path = scratch.join("plan");
    std::fs::write(&path, plan.text()).map_err(|error| format!("{}: {error}", path.display()))?;
    let output = Command::new(&judge)
        .arg(&path)
        .output()
        .map_err(|error| format!("{}: {error}", judge.display()))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!(
            "the judge ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
    }
}

fn compile(scratch: &Path) -> Result<PathBuf, String> {
    let folder = workspace().join("tests/judge");
    let entries = std::fs::read_dir(&folder).map_err(|error| error.to_string())?;
    let sources = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension() == Some(OsStr::new("c")));
    let judge = scratch.join("judge");
    let output = Command::new("cc")
        .args(["-std=gnu11", "-O2", "-o"])
        .arg(&judge)
        .args(sources)
        .output()
        .map_err(|error| format!("cc: {error}"))?;
    match output.status.success() {
        true => Ok(judge),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

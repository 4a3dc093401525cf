//! Versions of LLVM that are installed, and what they make of a module.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::render::rust_programs::LLVM_VERSIONS;
use ctxgen_tests::skip;

/// The versions that there are; said for `what` is which there are not.
pub(crate) fn versions(what: &str) -> Vec<u32> {
    LLVM_VERSIONS
        .filter(|version| {
            let has = |tool: &str| {
                let output = Command::new(format!("{tool}-{version}"))
                    .arg("--version")
                    .output();
                output.is_ok_and(|output| output.status.success())
            };
            let is_there = has("opt") && has("llc");
            if !is_there {
                skip(
                    what,
                    &format!("there is no opt-{version} and llc-{version}"),
                );
            }
            is_there
        })
        .collect()
}

/// The object of a module, through the passes that bpf-linker runs.
pub(crate) fn object(version: u32, module: &Path, folder: &Path) -> PathBuf {
    let bitcode = folder.join(format!("{version}.bc"));
    let object = folder.join(format!("{version}.o"));
    run(Command::new(format!("opt-{version}"))
        .args(["-passes=verify,default<O2>,verify", "-o"])
        .args([&bitcode, module]));
    run(Command::new(format!("llc-{version}"))
        .args(["-filetype=obj", "-o"])
        .args([&object, &bitcode]));
    object
}

pub(crate) fn run(command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}

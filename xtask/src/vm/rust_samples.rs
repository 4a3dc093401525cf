//! The samples whose programs are written in Rust (`example-bpf/rust`), for a virtual machine.
//!
//! `vm-samples` runs each beside the one with programs in C, and holds one's report against the other's.

use std::env;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process;
use crate::vm;
use crate::vm::Arch;
use crate::vm::samples;
use crate::workspace;

/// The entries of the plan: a sample, and what loads its programs.
pub(crate) const ENTRIES: [&str; 4] = [
    "runqslower-rust",
    "unlinksnoop-rust",
    "runqslower-aya",
    "unlinksnoop-aya",
];
/// The executables and the objects of the same name.
const NAMES: [&str; 2] = ["runqslower", "unlinksnoop"];
/// What the programs are compiled for: all architectures that are little-endian have the same.
const TARGET: &str = "bpfel-unknown-none";

/// Whether they can be built here, for kernels of an architecture; the error is what is missing.
pub(crate) fn can_build(arch: Arch) -> Result<(), String> {
    // Their build names kernels, and all are for one architecture.
    if arch != Arch::X86_64 {
        return Err(format!("they are built for x86-64, and not for {arch}"));
    }
    has_source()?;
    has_linker()?;
    samples::can_build(arch)
}

/// Whether `core` can be compiled for a target that has none.
pub(crate) fn has_source() -> Result<(), String> {
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let output = output.map_err(|error| format!("cannot run rustc: {error}"))?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    match sysroot.join("lib/rustlib/src/rust/library/core").is_dir() {
        true => Ok(()),
        false => Err("Rust's own sources are missing: rustup component add rust-src".to_owned()),
    }
}

/// Whether objects can be linked.
pub(crate) fn has_linker() -> Result<(), String> {
    match process::succeeds(Command::new("bpf-linker").arg("--version")) {
        true => Ok(()),
        false => {
            Err("`bpf-linker` does not run; docs/rust-programs.md says how it is built".to_owned())
        }
    }
}

/// Builds the programs and what loads them; where each belongs in the machine, and where it is here.
pub(crate) fn build(
    root: &Path,
    arch: Arch,
    target_dir: &Path,
) -> Result<Vec<(String, PathBuf)>, Error> {
    let folder = root.join("example-bpf/rust");
    let mut programs = cargo(&folder, target_dir);
    programs
        .args(["--release", "--package", "programs", "--bins"])
        .args(["--target", TARGET, "-Zbuild-std=core"])
        // A stable toolchain compiles `core` too, then.
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    process::run(&mut programs)?;
    let mut tracer = cargo(&folder, target_dir);
    tracer.args(["--package", "tracer", "--features", "aya,libbpf-rs/static"]);
    samples::link_statically(&mut tracer, arch)?;
    process::run(&mut tracer)?;
    let objects = target_dir.join(TARGET).join("release");
    let executables = target_dir.join(samples::target(arch)).join("debug");
    let kept = target_dir.join("vm-rust-samples");
    fs::create_dir_all(&kept).map_err(vm::Error::file("make", &kept))?;
    let mut files = Vec::new();
    for name in NAMES {
        for (from, name) in [
            (executables.join(name), format!("{name}-rust")),
            (objects.join(name), format!("{name}-rust.o")),
        ] {
            // The samples in C have the same names.
            let here = kept.join(&name);
            fs::copy(&from, &here).map_err(vm::Error::file("write", &here))?;
            files.push((format!("{}/{name}", samples::FOLDER), here));
        }
    }
    Ok(files)
}

/// Whether a file for the machine is one of theirs.
pub(crate) fn is_one(to: &str) -> bool {
    to.ends_with("-rust")
}

fn cargo(folder: &Path, target_dir: &Path) -> Command {
    let mut cargo = workspace::cargo();
    cargo
        .current_dir(folder)
        .args(["build", "--locked", "--target-dir"])
        .arg(target_dir);
    // The programs name their kernels.
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("CTXGEN_BTF") {
            cargo.env_remove(name);
        }
    }
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_loaded_with_both() {
        for name in NAMES {
            for with in ["rust", "aya"] {
                assert!(ENTRIES.contains(&&*format!("{name}-{with}")), "{name}");
            }
            let folder = workspace::root().join("example-bpf/rust");
            for package in ["programs/src", "tracer/src/bin"] {
                let source = folder.join(package).join(format!("{name}.rs"));
                assert!(source.is_file(), "{}", source.display());
            }
        }
    }

    #[test]
    fn other_architectures_are_told_apart() {
        for arch in [Arch::Arm64, Arch::S390x] {
            assert!(can_build(arch).unwrap_err().contains("x86-64"));
        }
    }
}

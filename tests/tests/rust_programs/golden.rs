//! What is generated is, byte for byte, what is in `tests/golden`, and Rust takes it.
//!
//! With `CTXGEN_BLESS=1` in the environment these files are written instead of compared.

use std::process::Command;

use ctxgen_tests::bless;
use ctxgen_tests::workspace;

use crate::cases::CASES;

#[test]
fn golden_modules() {
    for case in CASES {
        let made = case.made(true);
        let golden = workspace().join("tests/golden/rust-programs");
        bless(&golden.join(format!("{}.ctx.rs", case.name)), &made.rust);
        bless(&golden.join(format!("{}.ctx.ll", case.name)), &made.ir);
        assert_eq!(made, case.made(true), "{}", case.name);
    }
}

/// Without any crate, also where warnings are errors, and each context can be used more than once.
#[test]
fn the_module_compiles_by_itself() {
    for case in CASES {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("lib.rs");
        let text = format!(
            "#![no_std]\n#![deny(warnings)]\n//! Contexts.\n{}\n\
             /// One of them, of a kind that is read in several ways.\n\
             pub fn both<M: ctx::Read>(a: ctx::{name}<M>) -> [ctx::{name}<M>; 2] {{ [a, a] }}\n",
            case.made(false).rust,
            name = generic(&case.made(false).rust),
        );
        std::fs::write(&source, text).unwrap();
        let output = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "lib",
                "--emit",
                "metadata",
                "-o",
            ])
            .arg(folder.path().join("lib.rmeta"))
            .arg(&source)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", case.name);
    }
}

/// A type of the module that has a parameter.
fn generic(rust: &str) -> &str {
    let line = rust
        .lines()
        .find(|line| line.contains("<M = Direct>"))
        .unwrap();
    let (_, rest) = line.split_once("pub struct ").unwrap();
    rest.split_once('<').unwrap().0
}

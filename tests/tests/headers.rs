//! Sources of the field whose own definitions and headers stand beside the generated ones.

use std::process::Command;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

/// A source, more arguments for clang, and which of its versions do not have them.
const CASES: [(&str, &[&str], &[&str]); 6] = [
    ("05-libc-headers/stddef_before", &[], &[]),
    ("06-uapi-headers/owntcp", &[], &[]),
    ("06-uapi-headers/plain", &[], &[]),
    ("07-c23/c23", &["-std=gnu23"], &["clang-14"]),
    ("15-usdt/min", &[], &[]),
    ("24-own-flavour/tty", &[], &[]),
];

fn build(case: &str, clang: &str, args: &[&str]) -> Option<Result<Artifacts, Error>> {
    let source = workspace().join(format!("../shared/field-cases/{case}.bpf.c"));
    let kernel = running(case)?;
    if !source.exists() {
        skip(case, "the field's sources are not there");
        return None;
    }
    if Command::new(clang).arg("--version").output().is_err() {
        skip(case, &format!("there is no {clang}"));
        return None;
    }
    let out = tempfile::tempdir().unwrap();
    let builder = Builder::new()
        .source(source)
        .btf(kernel.btf)
        .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .clang(clang)
        .clang_args(args)
        .out_dir(out.path());
    Some(builder.generate())
}

#[test]
fn own_definitions_and_headers() {
    for clang in ["clang-14", "clang-19"] {
        for (case, args, without) in CASES {
            if without.contains(&clang) {
                continue;
            }
            if let Some(built) = build(case, clang, args) {
                let built = built.unwrap_or_else(|error| panic!("{case}, {clang}: {error}"));
                // They need not have a license.
                let mut warnings = built.warnings.iter();
                let other = warnings.find(|warning| !warning.contains("license"));
                assert_eq!(other, None, "{case}, {clang}");
            }
        }
    }
}

#[test]
fn a_function_that_is_misspelt() {
    for clang in ["clang-14", "clang-19"] {
        if let Some(built) = build("10-undeclared/typo", clang, &[]) {
            let error = built.unwrap_err().to_string();
            assert!(error.contains("typo.bpf.c:7:57: error: "), "{error}");
            assert!(error.contains("'bpf_get_curent_pid_tgid'"), "{error}");
        }
    }
}

//! What people reported of sources whose contexts only the preprocessor tells, built for the running
//! kernel.

use std::path::PathBuf;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

const EXIT: &str = "btf_trace_sched_process_exit_ctx";

/// The folder of a case; `None`, with a word about it, where there is none, or no kernel's BTF.
fn case(name: &str) -> Option<PathBuf> {
    let folder = workspace().join("../shared/field-cases").join(name);
    if !folder.is_dir() {
        skip(
            name,
            "the field cases (../shared/field-cases) are not there",
        );
        return None;
    }
    if !PathBuf::from("/sys/kernel/btf/vmlinux").exists() {
        skip(name, "the running kernel has no BTF");
        return None;
    }
    Some(folder)
}

fn build(source: PathBuf, args: &[String]) -> Result<Artifacts, Error> {
    let out = tempfile::tempdir().unwrap();
    Builder::new()
        .source(source)
        .btf("/sys/kernel/btf/vmlinux")
        .clang_args(args)
        .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .out_dir(out.path())
        .generate()
}

fn assert_built(result: Result<Artifacts, Error>, structs: &[&str]) {
    let artifacts = result.unwrap();
    assert_eq!(artifacts.objects[0].structs, structs);
    // They need not have a license.
    let mut warnings = artifacts.warnings.iter();
    let other = warnings.find(|warning| !warning.contains("license"));
    assert_eq!(other, None);
}

#[test]
fn pasted_names() {
    if let Some(folder) = case("02-pasted-names") {
        let built = build(folder.join("a.bpf.c"), &[]);
        assert_built(built, &[EXIT, "btf_trace_sched_wakeup_ctx"]);
    }
}

#[test]
fn a_header_that_is_called_as_ours() {
    if let Some(folder) = case("03-own-ctx-h") {
        assert_built(build(folder.join("sub.bpf.c"), &[]), &[EXIT]);
    }
}

#[test]
fn headers_by_flags() {
    let Some(folder) = case("04-headers-by-flags") else {
        return;
    };
    let shared = folder.join("shared").display().to_string();
    for args in [
        vec!["-I".to_owned(), shared.clone()],
        vec!["-isystem".to_owned(), shared.clone()],
        vec!["-idirafter".to_owned(), shared.clone()],
        vec![format!("--include-directory={shared}")],
    ] {
        assert_built(build(folder.join("angle.bpf.c"), &args), &[EXIT]);
    }
}

#[test]
fn skipped_code() {
    let Some(folder) = case("09-skipped-code") else {
        return;
    };
    let source = folder.join("ifdef.bpf.c");
    assert_built(build(source.clone(), &[]), &[EXIT]);
    let with = build(source.clone(), &["-DWITH_BBR_DEBUG_KERNEL".to_owned()]);
    let expected = format!(
        "{}:10: struct btf_fentry_our_patched_function_ctx: ",
        source.display()
    );
    let error = with.unwrap_err().to_string();
    assert!(error.starts_with(&expected), "{error}");
    assert!(
        error.contains("has no hook `fentry/our_patched_function`"),
        "{error}"
    );
}

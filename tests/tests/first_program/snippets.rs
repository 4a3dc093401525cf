//! The package `docs/snippets`, which the documentation quotes, is built and run.

use std::fs;
use std::path::Path;

use ctxgen_build::Builder;
use ctxgen_tests::full;
use ctxgen_tests::running;
use ctxgen_tests::user::UserCrate;
use ctxgen_tests::workspace;

const FILES: [&str; 7] = [
    "Cargo.toml",
    "build.rs",
    "src/main.rs",
    "src/builders.rs",
    "src/bpf/before.bpf.c",
    "src/bpf/described.bpf.c",
    "src/bpf/unlinks.bpf.c",
];

/// Full kernels, and what the documentation calls their BTF.
const KERNELS: [(&str, &str); 3] = [
    ("5.10.223-amd64-cloud", "btf/5.10.btf"),
    ("6.1.192-amd64-cloud", "btf/6.1.btf"),
    ("7.2.13-amd64-cloud", "btf/7.2.btf"),
];

#[test]
fn they_are_built() {
    let original = workspace().join("docs/snippets");
    let folder = env!("CARGO_TARGET_TMPDIR");
    let mut krate = UserCrate::from(original, "snippets", &FILES, folder);
    let kernels = full("the documentation's build scripts");
    let named = |name: &str| kernels.iter().find(|kernel| kernel.name == name);
    let running = running("the documentation's programs for the running kernel");
    let Some(kernel) = running.as_ref().or(named(KERNELS[1].0)) else {
        return;
    };
    krate.set_env("CTXGEN_BTF", Some(&kernel.btf));
    krate.build();
    // Both sides of what README shows first. The first compiles for any kernel: that is what is wrong
    // with it.
    let out = tempfile::tempdir().unwrap();
    let sources = ["before", "described", "unlinks"]
        .map(|name| krate.dir.join(format!("src/bpf/{name}.bpf.c")));
    let built = Builder::new()
        .sources(sources)
        .btf(&kernel.btf)
        .target(format!("{}-unknown-linux-gnu", std::env::consts::ARCH))
        .out_dir(out.path())
        .generate();
    built.unwrap_or_else(|error| panic!("{error}"));
    if !kernels.is_empty() {
        fs::create_dir_all(krate.dir.join("btf")).unwrap();
        for (name, copy) in KERNELS {
            fs::copy(&named(name).unwrap().btf, krate.dir.join(copy)).unwrap();
        }
        prebuild(&krate);
        build_scripts(&krate, out.path());
    }
}

/// The object that one of the build scripts finds in the package.
fn prebuild(krate: &UserCrate) {
    let out = tempfile::tempdir().unwrap();
    let built = Builder::new()
        .source(krate.dir.join("src/bpf/unlinks.bpf.c"))
        .btf(krate.dir.join(KERNELS[2].1))
        .target("x86_64-unknown-linux-gnu")
        .out_dir(out.path())
        .generate();
    built.unwrap_or_else(|error| panic!("{error}"));
    fs::create_dir_all(krate.dir.join("prebuilt")).unwrap();
    let object = krate.dir.join("prebuilt/unlinks.bpf.o");
    fs::copy(out.path().join("unlinks.bpf.o"), object).unwrap();
}

/// Each function of `builders.rs` as a build script.
fn build_scripts(krate: &UserCrate, out: &Path) {
    let skeleton = krate.dir.join("src/bpf/unlinks.skel.rs");
    let _ = fs::remove_file(&skeleton);
    let triple = "x86_64-unknown-linux-gnu";
    let output = std::process::Command::new(krate.target.join("debug/snippets"))
        .arg("build")
        .current_dir(&krate.dir)
        .env("CARGO_MANIFEST_DIR", &krate.dir)
        .env("CTXGEN_BTF", krate.dir.join(KERNELS[2].1))
        .env("OUT_DIR", out.join("scripts"))
        .env("TARGET", triple)
        .env("HOST", triple)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    // How the three kernels differ.
    assert!(
        said.contains("cargo::warning=  from 5.10 to 6.1:"),
        "{said}"
    );
    // The skeleton is where it was asked for, formatted.
    let text = fs::read_to_string(&skeleton).unwrap();
    assert!(
        text.contains("\n    pub struct UnlinksSkelBuilder"),
        "{}",
        &text[..2000]
    );
    // The builder that was set up step by step.
    let is_debug =
        |line: &str| line.contains(" -DDEBUG ") && line.ends_with(" -c src/bpf/unlinks.bpf.c");
    assert!(said.lines().any(is_debug), "{said}");
}

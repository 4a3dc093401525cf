//! Builds for documentation, on machines that lack clang, libclang or BTF.

use std::process::Command;

use crate::support::Child;
use crate::support::PROGRAM;
use crate::support::Project;
use crate::support::source;

/// A crate that names what is generated where documentation looks.
const CRATE: &str = "\
//! A crate.
#![deny(missing_docs, rustdoc::all, warnings)]

mod bpf {
    include!(concat!(env!(\"OUT_DIR\"), \"/prog.rs\"));
}

pub use bpf::ProgSkel;
pub use bpf::ProgSkelBuilder;
pub use bpf::OpenProgSkel;
pub use bpf::OBJECT;

/// Takes both.
pub fn takes(_: &ProgSkel<'_>, ctx: &bpf::ctx::btf_lsm_file_open_ctx) -> usize {
    ctx.file as usize
}
";

#[test]
fn without_clang() {
    let project = Project::with(PROGRAM);
    let said = Child::new("docs::without_clang", &project)
        .env("DOCS_RS", "1")
        .env("CLANG", "/nowhere/clang")
        .build(source)
        .unwrap();
    assert!(
        said.contains(
            "cargo::warning=the documentation has stand-ins for BPF skeletons and contexts"
        ),
        "{said}"
    );
    assert!(said.contains("/nowhere/clang"), "{said}");
    assert!(
        said.contains("cargo::rerun-if-changed=src/prog.bpf.c\n"),
        "{said}"
    );
    assert!(
        said.contains("cargo::rerun-if-env-changed=DOCS_RS\n"),
        "{said}"
    );

    let lib = project.file("lib.rs", CRATE);
    let output = Command::new("rustdoc")
        .args(["--edition", "2024", "--crate-name", "documented", "-o"])
        .arg(project.path("doc"))
        .arg(&lib)
        .env("OUT_DIR", project.path("out"))
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(project.path("doc/documented/fn.takes.html").exists());
}

#[test]
fn without_btf() {
    let project = Project::with(PROGRAM);
    let said = Child::new("docs::without_btf", &project)
        .env("DOCS_RS", "1")
        .env("TARGET", "riscv64gc-unknown-linux-gnu")
        .without("CTXGEN_BTF")
        .build(source)
        .unwrap();
    assert!(
        said.contains("no kernel BTF was found for riscv64gc"),
        "{said}"
    );
    assert!(
        project
            .made("prog.rs")
            .contains("pub struct ProgSkelBuilder")
    );
}

/// What is asked for is found as in a build if there is clang, and in the source's own text if not.
#[test]
fn contexts_in_headers_and_macros() {
    let test = "docs::contexts_in_headers_and_macros";
    let project = Project::with(
        "#include \"own.h\"\n#define CONTEXT(name) struct btf_lsm_##name##_ctx\n\
         int f(CONTEXT(file_open) *ctx);\n#if 0\nstruct btf_lsm_skipped_ctx;\n#endif\n",
    );
    project.file("src/own.h", "struct btf_lsm_task_free_ctx;\n");
    let child = || Child::new(test, &project).env("DOCS_RS", "1");
    let said = child()
        .env("TARGET", "riscv64gc-unknown-linux-gnu")
        .without("CTXGEN_BTF")
        .build(source)
        .unwrap();
    assert!(
        said.contains("cargo::rerun-if-changed=src/own.h\n"),
        "{said}"
    );
    let structs = || {
        let module = project.made("prog.rs");
        let names = module.split("pub struct btf_lsm_").skip(1);
        let names = names.map(|rest| rest.split_once("_ctx").unwrap().0.to_owned());
        names.collect::<Vec<_>>()
    };
    let with_clang: &[&str] = match cfg!(feature = "bindgen") {
        true => &["file_open", "task_free"],
        false => &[],
    };
    assert_eq!(structs(), with_clang);
    child()
        .env("CLANG", "/nowhere/clang")
        .build(source)
        .unwrap();
    let without: &[&str] = match cfg!(feature = "bindgen") {
        true => &["skipped"],
        false => &[],
    };
    assert_eq!(structs(), without);
}

#[test]
fn with_everything_there_nothing_stands_in() {
    let project = Project::with(PROGRAM);
    let said = Child::new("docs::with_everything_there_nothing_stands_in", &project)
        .env("DOCS_RS", "1")
        .build(source)
        .unwrap();
    assert!(!said.contains("cargo::warning"), "{said}");
    assert!(project.made("prog.rs").contains("prog.skel.rs"));
}

#[test]
fn elsewhere_what_is_missing_is_an_error() {
    let project = Project::with(PROGRAM);
    let error = Child::new("docs::elsewhere_what_is_missing_is_an_error", &project)
        .env("CLANG", "/nowhere/clang")
        .build(source)
        .unwrap_err();
    assert!(
        error.contains("cannot run clang as `/nowhere/clang`"),
        "{error}"
    );
}

#[test]
fn what_is_wrong_with_a_source_is_an_error_for_documentation_too() {
    let project = Project::with("int x = ;\n");
    let error = Child::new(
        "docs::what_is_wrong_with_a_source_is_an_error_for_documentation_too",
        &project,
    )
    .env("DOCS_RS", "1")
    .build(source)
    .unwrap_err();
    assert!(error.contains("clang cannot compile"), "{error}");
}

//! libclang, which makes the bindings.

use crate::support::Child;
use crate::support::PROGRAM;
use crate::support::Project;
use crate::support::source;

#[test]
fn missing() {
    let project = Project::with(PROGRAM);
    let error = Child::new("libclang::missing", &project)
        .env("LIBCLANG_PATH", "/nowhere/lib")
        .build(source)
        .unwrap_err();
    assert!(
        error.starts_with(
            "Error: Rust bindings need libclang, which is not found: LIBCLANG_PATH is \
             \"/nowhere/lib\", and nothing else is tried; couldn't find"
        ),
        "{error}"
    );
    for says in [
        "apt-get install libclang-dev",
        "LIBCLANG_PATH",
        "default-features = false",
    ] {
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn not_needed_without_contexts() {
    let project = Project::with("int nothing;\n");
    Child::new("libclang::not_needed_without_contexts", &project)
        .env("LIBCLANG_PATH", "/nowhere/lib")
        .build(source)
        .unwrap();
    assert!(project.made("prog.ctx.rs").contains("trait HookContext"));
}

#[test]
fn no_library() {
    let project = Project::with(PROGRAM);
    project.file("lib/libclang.so", "not a library");
    let error = Child::new("libclang::no_library", &project)
        .env("LIBCLANG_PATH", project.path("lib"))
        .build(source)
        .unwrap_err();
    assert!(error.contains("Rust bindings need libclang"), "{error}");
    assert!(error.contains("libclang.so"), "{error}");
}

#[test]
fn arguments_from_the_environment_are_bindgens() {
    let project = Project::with(PROGRAM);
    let error = Child::new(
        "libclang::arguments_from_the_environment_are_bindgens",
        &project,
    )
    .env("BINDGEN_EXTRA_CLANG_ARGS", "-include /nowhere.h")
    .build(source)
    .unwrap_err();
    assert!(
        error.starts_with("Error: cannot make Rust bindings of the contexts of prog: "),
        "{error}"
    );
    assert!(error.contains("/nowhere.h"), "{error}");
}

//! Where the kernel BTF comes from, and what is said where it does not.

use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen_build::Builder;

use crate::support::Child;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

const PROGRAM: &str = r#"
SEC("tp_btf/sched_wakeup")
int wakeup(struct btf_trace_sched_wakeup_ctx *ctx)
{
	return ctx->p->pid == 1;
}
"#;

fn source() -> Builder {
    Builder::new().source("src/prog.bpf.c")
}

#[test]
fn a_cross_target_does_not_get_the_hosts() {
    let project = Project::with(PROGRAM);
    let error = Child::new(
        "kernel_btf::a_cross_target_does_not_get_the_hosts",
        &project,
    )
    .without("CTXGEN_BTF")
    .env("TARGET", "riscv64gc-unknown-linux-gnu")
    .build(source)
    .unwrap_err();
    let expected = format!(
        "Error: no kernel BTF was found for riscv64gc-unknown-linux-gnu. Tried, in this order:\n  \
         - the variable CTXGEN_BTF_riscv64gc_unknown_linux_gnu: not set\n  \
         - the variable CTXGEN_BTF: not set\n  \
         - the package's pinned {}: not there\n  \
         - the running kernel's /sys/kernel/btf/vmlinux: this is x86_64-unknown-linux-gnu, and the \
         build is for another architecture\n  \
         - the running kernel's files in /boot, /usr/lib/debug and /lib/modules: this is \
         x86_64-unknown-linux-gnu, and the build is for another architecture\n\
         Name the target kernel's BTF with Builder::btf or CTXGEN_BTF: a copy of its \
         /sys/kernel/btf/vmlinux, a vmlinux with debug information, or a kernel image (with the \
         feature `images`)",
        project.path("btf/riscv64.btf").display()
    );
    assert_eq!(error, expected);
}

/// The running kernel may have BTF, and it is not what the package says it is built for.
#[test]
fn a_pinned_file_comes_before_the_running_kernel() {
    let project = Project::with(PROGRAM);
    let pinned = project.file("btf/x86_64.btf", "");
    std::fs::copy(kernel(Order::Little), &pinned).unwrap();
    // Of another architecture, and so not asked.
    project.file("btf/s390x.btf", "not BTF");
    let lines = Child::new(
        "kernel_btf::a_pinned_file_comes_before_the_running_kernel",
        &project,
    )
    .without("CTXGEN_BTF")
    .build(source)
    .unwrap();
    let expected = format!("cargo::rerun-if-changed={}\n", pinned.display());
    assert!(lines.contains(&expected), "{lines}");
    assert!(!lines.contains("s390x"), "{lines}");
}

#[test]
fn a_target_that_no_kernel_runs_on() {
    let project = Project::with(PROGRAM);
    let error = Child::new("kernel_btf::a_target_that_no_kernel_runs_on", &project)
        .without("CTXGEN_BTF")
        .env("TARGET", "wasm32-unknown-unknown")
        .env("HOST", "sparc-unknown-none")
        .build(source)
        .unwrap_err();
    assert!(
        error.contains("vmlinux: this is sparc-unknown-none, and the build is for"),
        "{error}"
    );
}

#[test]
fn the_variable_of_the_target_comes_first() {
    let project = Project::with(PROGRAM);
    let lines = Child::new(
        "kernel_btf::the_variable_of_the_target_comes_first",
        &project,
    )
    .env("CTXGEN_BTF", "/nowhere/btf")
    .env("CTXGEN_BTF_x86_64_unknown_linux_gnu", kernel(Order::Little))
    .build(source)
    .unwrap();
    for expected in [
        "rerun-if-env-changed=CTXGEN_BTF_x86_64_unknown_linux_gnu",
        &format!("rerun-if-changed={}", kernel(Order::Little).display()),
    ] {
        assert!(lines.contains(&format!("cargo::{expected}\n")), "{lines}");
    }
    // It was not asked.
    assert!(!lines.contains("env-changed=CTXGEN_BTF\n"), "{lines}");
}

#[test]
fn the_variable_of_another_target_is_not_asked() {
    let project = Project::with(PROGRAM);
    let lines = Child::new(
        "kernel_btf::the_variable_of_another_target_is_not_asked",
        &project,
    )
    .env("CTXGEN_BTF_s390x_unknown_linux_gnu", "/nowhere/btf")
    .build(source)
    .unwrap();
    assert!(lines.contains("env-changed=CTXGEN_BTF\n"), "{lines}");
    assert!(!lines.contains("s390x"), "{lines}");
}

#[test]
fn the_builder_wins_over_the_environment() {
    let project = Project::with(PROGRAM);
    let lines = Child::new(
        "kernel_btf::the_builder_wins_over_the_environment",
        &project,
    )
    .env("CTXGEN_BTF", "/nowhere/btf")
    .build(|| source().btf(kernel(Order::Little)))
    .unwrap();
    assert!(!lines.contains("CTXGEN_BTF"), "{lines}");
}

#[test]
fn a_missing_file_is_not_replaced_by_another() {
    let project = Project::with(PROGRAM);
    let error = Child::new(
        "kernel_btf::a_missing_file_is_not_replaced_by_another",
        &project,
    )
    .env("CTXGEN_BTF", "/nowhere/btf")
    .build(source)
    .unwrap_err();
    assert_eq!(
        error,
        "Error: cannot read kernel BTF from /nowhere/btf: No such file or directory (os error 2) \
         (from CTXGEN_BTF)"
    );
}

#[test]
fn a_relative_path_is_of_the_package() {
    let project = Project::with(PROGRAM);
    std::fs::copy(kernel(Order::Little), project.path("small.btf")).unwrap();
    let lines = Child::new("kernel_btf::a_relative_path_is_of_the_package", &project)
        .env("CTXGEN_BTF", "small.btf")
        .build(source)
        .unwrap();
    assert!(lines.contains("rerun-if-changed=small.btf\n"), "{lines}");
}

#[test]
fn a_relative_path_in_an_error_says_relative_to_what() {
    let project = Project::with(PROGRAM);
    let error = Child::new(
        "kernel_btf::a_relative_path_in_an_error_says_relative_to_what",
        &project,
    )
    .env("CTXGEN_BTF", "nowhere.btf")
    .build(source)
    .unwrap_err();
    let path = project.path("nowhere.btf");
    assert!(
        error.contains(&format!("from {}: No such file", path.display())),
        "{error}"
    );
}

#[test]
fn an_empty_variable_is_not_set() {
    let project = Project::with(PROGRAM);
    let error = Child::new("kernel_btf::an_empty_variable_is_not_set", &project)
        .env("CTXGEN_BTF", "")
        .env("TARGET", "riscv64gc-unknown-linux-gnu")
        .build(source)
        .unwrap_err();
    assert!(
        error.contains("the variable CTXGEN_BTF: not set"),
        "{error}"
    );
}

/// What a build says of this file as its kernel BTF: who named it, and which it is, always.
fn error_with(project: &Project, file: &Path) -> String {
    let error = project.prog().btf(file).generate().unwrap_err().to_string();
    assert!(error.contains(&file.display().to_string()), "{error}");
    assert!(error.ends_with(" (from Builder::btf)"), "{error}");
    error
}

#[test]
fn a_file_that_is_no_btf() {
    let project = Project::with(PROGRAM);
    for text in ["", "not BTF, and long enough for a header", "\x7fELF"] {
        let file = project.file("some file", text);
        error_with(&project, &file);
    }
}

#[test]
fn an_elf_file_without_btf() {
    let project = Project::with(PROGRAM);
    // Tests are compiled without BTF, as all Rust is.
    let error = error_with(&project, &std::env::current_exe().unwrap());
    assert!(error.contains(".BTF section"), "{error}");
    assert!(error.contains("CONFIG_DEBUG_INFO_BTF"), "{error}");
}

#[test]
fn a_truncated_btf() {
    let project = Project::with(PROGRAM);
    let whole = KernelBtf::from_path(kernel(Order::Little)).unwrap();
    let whole = whole.btf().to_bytes();
    for len in [20, 24, whole.len() / 2, whole.len() - 1] {
        let file = project.path("cut.btf");
        std::fs::write(&file, &whole[..len]).unwrap();
        error_with(&project, &file);
    }
}

#[test]
fn another_architectures() {
    let project = Project::with(PROGRAM);
    let error = |builder: Builder| builder.generate().unwrap_err().to_string();
    let other = kernel(Order::Big);
    let triple = "x86_64-unknown-linux-gnu";
    let says = format!(
        "{} is the BTF of a kernel for s390x, and the build is for {triple}: contexts and libbpf's headers \
         would be for another machine. Name a kernel for {triple}, or build for s390x with \
         Builder::target(\"s390x-unknown-linux-gnu\")",
        other.display()
    );
    assert_eq!(error(project.prog().btf(other).target(triple)), says);
    // As it says.
    let asked = project.prog().btf(other).target("s390x-unknown-linux-gnu");
    assert_eq!(asked.generate().unwrap().warnings, [""; 0]);
}

#[test]
fn outside_of_a_build_script() {
    let project = Project::with(PROGRAM);
    for name in ["OUT_DIR", "TARGET"] {
        let error = Child::new("kernel_btf::outside_of_a_build_script", &project)
            .without(name)
            .build(source)
            .unwrap_err();
        assert_eq!(
            error,
            format!(
                "Error: {name} is not set: outside of a build script, give Builder::out_dir and \
                 Builder::target, and call Builder::generate"
            )
        );
    }
}

//! Contexts for programs in Rust: what sources ask for, and what cargo and the linker are told.

use ctxgen_build::RustPrograms;

use crate::support::Child;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::later_kernel;

/// Programs, one of them in another module.
const MAIN: &str = r#"#![no_std]
#![no_main]
use aya_ebpf::macros::{btf_tracepoint, fexit};
use aya_ebpf::programs::{BtfTracePointContext, FExitContext};

include!(concat!(env!("OUT_DIR"), "/ctx.rs"));
use ctx::*;

mod other;

#[btf_tracepoint(function = "sched_switch")]
pub fn switched(c: BtfTracePointContext) -> i32 {
    let c = btf_trace_sched_switch_ctx::from(&c);
    c.next().pid() + c.prev_state().unwrap_or(0) as i32
}
"#;

const OTHER: &str = r#"
#[fexit(function = "vfs_unlink")]
pub fn unlinked(c: FExitContext) -> i32 {
    let c = btf_fexit_vfs_unlink_ctx::from(&c);
    c.ret()
}
"#;

fn project(main: &str) -> Project {
    let project = Project::new();
    project.file("src/main.rs", main);
    project.file("src/other.rs", OTHER);
    project
}

fn both(project: &Project) -> RustPrograms {
    RustPrograms::new()
        .out_dir(project.path("out"))
        .target(Order::Little.triple())
        .kernel(kernel(Order::Little))
        .kernel(later_kernel(Order::Little))
        .source(project.path("src/main.rs"))
}

/// The text of a getter's head.
fn has(text: &str, getter: &str) -> bool {
    text.contains(&format!("pub fn {getter} {{"))
}

#[test]
fn contexts_of_two_kernels() {
    let project = project(MAIN);
    let made = both(&project).generate().unwrap();
    let rust = project.made("ctx.rs");
    for getter in [
        "preempt(self) -> bool",
        "next(self) -> task_struct<M>",
        "prev_state(self) -> ::core::option::Option<u32>",
        "dentry(self) -> dentry<Direct>",
        "idmap(self) -> ::core::option::Option<mnt_idmap<Direct>>",
        "ret(self) -> i32",
        // Of the kernel's struct, since a source names it.
        "pid(self) -> i32",
    ] {
        assert!(has(&rust, getter), "{getter}\n{rust}");
    }
    // What no source names.
    assert!(!rust.contains("pub fn tgid("), "{rust}");
    for from in [
        "From<&::aya_ebpf::programs::BtfTracePointContext> for btf_trace_sched_switch_ctx<Direct>",
        "From<&::aya_ebpf::programs::RawTracePointContext> for btf_trace_sched_switch_ctx<Probed>",
        "From<&::aya_ebpf::programs::FExitContext> for btf_fexit_vfs_unlink_ctx",
    ] {
        assert!(rust.contains(from), "{from}");
    }
    let ir = project.made("ctx.ll");
    for symbol in [
        "ctxgen.btf_trace_sched_switch_ctx.prev_state.exists",
        "ctxgen.btf_fexit_vfs_unlink_ctx.idmap",
        "ctxgen.task_struct.pid",
    ] {
        assert!(ir.contains(&format!("@\"{symbol}\"(")), "{symbol}");
        assert!(
            rust.contains(&format!("#[link_name = \"{symbol}\"]")),
            "{symbol}"
        );
    }
    // The build is for no BPF target, and there is nothing to link.
    assert!(made.link_args.is_empty(), "{made:?}");
    for read in ["src/main.rs", "src/other.rs"] {
        assert!(made.depends_on.contains(&project.path(read)), "{made:?}");
    }
    assert!(made.warnings.is_empty(), "{made:?}");

    let again = both(&project).aya(false).generate().unwrap();
    assert_eq!(project.made("ctx.ll"), ir);
    assert!(!project.made("ctx.rs").contains("aya_ebpf"), "{again:?}");
}

#[test]
fn attributes_and_contexts_that_differ() {
    for (program, expected) in [
        (
            "#[fentry(function = \"vfs_unlink\")]\nfn f(c: FEntryContext) { btf_fexit_vfs_unlink_ctx::from(&c); }",
            "program f, SEC(\"fentry/vfs_unlink\"): its context is declared as struct \
             btf_fexit_vfs_unlink_ctx, and should be struct btf_fentry_vfs_unlink_ctx: line 2 has that of \
             fexit/vfs_unlink",
        ),
        (
            "#[kprobe]\nfn f(c: ProbeContext) { btf_fexit_vfs_unlink_ctx::from(&c); }",
            "its context cannot be struct btf_fexit_vfs_unlink_ctx: line 2 has that of fexit/vfs_unlink",
        ),
        (
            "#[fentry(function = \"vfs_unlnk\")]\nfn f(c: FEntryContext) {}",
            "has no hook `fentry/vfs_unlnk`",
        ),
    ] {
        let project = project(program);
        let error = both(&project).generate().unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    // Where the attribute does not say the function, any of its kind will do.
    let project =
        project("#[fexit]\nfn f(c: FExitContext) { btf_fexit_vfs_unlink_ctx::from(&c); }");
    both(&project).generate().unwrap();
}

#[test]
fn what_is_not_there_is_named() {
    let project = project("\nfn f(c: btf_fexit_nothing_ctx) {}\n");
    let error = both(&project).generate().unwrap_err().to_string();
    assert!(
        error.contains("src/main.rs:2: struct btf_fexit_nothing_ctx: "),
        "{error}"
    );

    let error = RustPrograms::new().generate().unwrap_err().to_string();
    assert!(error.contains("RustPrograms::source"), "{error}");
}

/// A build script of a crate for a BPF target, with these flags of rustc's.
fn of_bpf<'p>(test: &str, project: &'p Project, flags: &str) -> Child<'p> {
    Child::new(&format!("rust_programs::{test}"), project)
        .without("CTXGEN_BTF")
        .env("TARGET", "bpfel-unknown-none")
        .env("CARGO_CFG_TARGET_ARCH", "bpf")
        .env("CARGO_CFG_TARGET_ENDIAN", "little")
        .env("CARGO_CFG_BPF_TARGET_ARCH", "x86_64")
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .env("DEBUG", "true")
}

fn script(order: Order) -> RustPrograms {
    RustPrograms::new()
        .source("src/main.rs")
        .kernel(kernel(order))
}

#[test]
fn the_linker_gets_the_module() {
    const TEST: &str = "the_linker_gets_the_module";
    let project = project(MAIN);
    let lines = of_bpf(TEST, &project, "")
        .build(|| script(Order::Little))
        .unwrap();
    let module = format!(
        "cargo::rustc-link-arg={}\n",
        project.path("out/ctx.ll").display()
    );
    assert!(lines.contains(&module), "{lines}");
    assert!(lines.contains("cargo::rustc-link-arg=--btf\n"), "{lines}");
    assert!(
        lines.contains("cargo::rerun-if-changed=src/other.rs\n"),
        "{lines}"
    );
}

/// Twice the same is an error to bpf-linker.
#[test]
fn what_the_linker_gets_anyway() {
    const TEST: &str = "what_the_linker_gets_anyway";
    let project = project(MAIN);
    let child = of_bpf(TEST, &project, "-Cdebuginfo=2\u{1f}-Clink-arg=--btf");
    let lines = child.build(|| script(Order::Little)).unwrap();
    assert!(
        lines.contains("/ctx.ll\n") && !lines.contains("--btf"),
        "{lines}"
    );
}

#[test]
fn a_build_without_debug_information() {
    const TEST: &str = "a_build_without_debug_information";
    let project = project(MAIN);
    let child = of_bpf(TEST, &project, "").env("DEBUG", "false");
    let error = child.build(|| script(Order::Little)).unwrap_err();
    assert!(error.contains("without debug information"), "{error}");
}

#[test]
fn a_kernel_of_the_other_byte_order() {
    const TEST: &str = "a_kernel_of_the_other_byte_order";
    let project = project(MAIN);
    // The build script finds it there.
    kernel(Order::Big);
    let child = of_bpf(TEST, &project, "").env("CARGO_CFG_BPF_TARGET_ARCH", "s390x");
    let error = child.build(|| script(Order::Big)).unwrap_err();
    assert!(
        error.contains("build them for bpfeb-unknown-none"),
        "{error}"
    );
}

//! What cargo is told.

use std::path::Path;
use std::time::Duration;

use ctxgen_build::Builder;

use crate::support::Child;
use crate::support::INCLUDES;
use crate::support::LICENSE;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

const PROGRAM: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
";

/// The environment that bindings depend on.
const OF_BINDGEN: [&str; 5] = [
    "BINDGEN_EXTRA_CLANG_ARGS",
    "BINDGEN_EXTRA_CLANG_ARGS_x86_64-unknown-linux-gnu",
    "BINDGEN_EXTRA_CLANG_ARGS_x86_64_unknown_linux_gnu",
    "LIBCLANG_PATH",
    "LLVM_CONFIG_PATH",
];

/// The environment by which clang finds headers.
const OF_CLANG: [&str; 2] = ["CPATH", "C_INCLUDE_PATH"];

/// The lines, sorted, with a word in place of the kernel BTF's path.
fn sorted(lines: &str) -> Vec<String> {
    let btf = kernel(Order::Little).display().to_string();
    let mut lines: Vec<String> = lines
        .lines()
        .map(|line| line.replace(&btf, "KERNEL"))
        .collect();
    lines.sort();
    lines
}

fn expected(changed: &[&str], env: &[&str]) -> Vec<String> {
    let bindgen: &[&str] = if cfg!(feature = "bindgen") {
        &OF_BINDGEN
    } else {
        &[]
    };
    let changed = changed
        .iter()
        .map(|path| format!("cargo::rerun-if-changed={path}"));
    let env = env.iter().chain(bindgen).chain(&OF_CLANG);
    let env = env.map(|name| format!("cargo::rerun-if-env-changed={name}"));
    let mut lines: Vec<String> = changed.chain(env).collect();
    lines.sort();
    lines
}

#[test]
fn all_that_was_read_and_nothing_else() {
    let project = Project::new();
    project.file(
        "src/a.bpf.c",
        &format!("{INCLUDES}#include \"own.h\"\n{PROGRAM}{LICENSE}"),
    );
    project.file(
        "src/b.bpf.c",
        &format!("{INCLUDES}#include \"own.h\"\n{PROGRAM}{LICENSE}"),
    );
    project.file("src/own.h", "#include \"deep/other.h\"\n");
    project.file("src/deep/other.h", "#define OTHER\n");
    project.file("src/unused.h", "#define UNUSED\n");
    let lines = Child::new("cargo_lines::all_that_was_read_and_nothing_else", &project)
        .build(|| Builder::new().sources(["src/a.bpf.c", "src/b.bpf.c"]))
        .unwrap();
    assert_eq!(
        sorted(&lines),
        expected(
            &[
                "KERNEL",
                "src/a.bpf.c",
                "src/b.bpf.c",
                "src/deep/other.h",
                "src/own.h"
            ],
            &[
                "CLANG",
                "CTXGEN_BTF",
                "CTXGEN_BTF_x86_64_unknown_linux_gnu",
                "CTXGEN_CLANG_TIMEOUT",
            ],
        )
    );
}

/// With the character itself in the name of a section, where newer compilers take no number for it.
fn escaped(text: &str) -> String {
    text.replace("<ESC>", "\u{1b}")
}

/// A section is any text: what is said of its program is one warning, and no directive.
#[test]
fn names_are_no_directives() {
    let text = r#"
struct { __uint(type, 7); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 64); }
	stacks SEC(".maps");
SEC("kprobe/+\n\ncargo::rustc-env=EVIL=1\ncargo::warning=fine<ESC>[2J")
int prog(unsigned long long *ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0);
}
"#;
    let project = Project::with(&escaped(text));
    let lines = Child::new("cargo_lines::names_are_no_directives", &project)
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap();
    let warnings: Vec<&str> = lines
        .lines()
        .filter(|line| !line.starts_with("cargo::rerun-if-"))
        .collect();
    let [warning] = warnings[..] else {
        panic!("{lines}");
    };
    let section = "SEC(\"kprobe/+\\u000a\\u000acargo::rustc-env=EVIL=1\\u000a\
                   cargo::warning=fine\\u001b[2J\"): its context is declared as ";
    assert!(warning.contains(section), "{warning}");
}

/// What `main` returns is printed with `Debug`.
#[test]
fn names_in_an_error_stay_on_their_line() {
    let text = r#"
SEC("kprobe/+\nerror: forged<ESC>[2J")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return 0;
}
"#;
    let error = Project::with(&escaped(text)).prog().generate().unwrap_err();
    let text = format!("{error:?}");
    let section = "SEC(\"kprobe/+\\u000aerror: forged\\u001b[2J\"): ";
    assert!(text.contains(section), "{text}");
    assert!(!text.contains("\nerror: "), "{text}");
}

#[test]
fn what_the_builder_says_is_not_in_the_environment() {
    let project = Project::with(PROGRAM);
    let lines = Child::new(
        "cargo_lines::what_the_builder_says_is_not_in_the_environment",
        &project,
    )
    .build(|| {
        Builder::new()
            .source("src/prog.bpf.c")
            .btf(kernel(Order::Little))
            .clang("clang")
            .clang_timeout(Duration::from_secs(600))
    })
    .unwrap();
    assert_eq!(sorted(&lines), expected(&["KERNEL", "src/prog.bpf.c"], &[]));
}

#[test]
fn an_output_folder_inside_of_the_package() {
    let project = Project::with(PROGRAM);
    let out = Path::new("target/debug/build/prog-0123/out");
    let lines = Child::new(
        "cargo_lines::an_output_folder_inside_of_the_package",
        &project,
    )
    .out_dir(out)
    .build(|| Builder::new().source("src/prog.bpf.c"))
    .unwrap();
    assert!(!lines.contains("target/debug"), "{lines}");
    assert!(
        project
            .path("target/debug/build/prog-0123/out/prog.rs")
            .exists()
    );
}

#[test]
fn nothing_if_it_fails() {
    // Cargo runs a build script that failed again, whatever it said.
    let project = Project::with("int broken\n");
    let said = Child::new("cargo_lines::nothing_if_it_fails", &project)
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap_err();
    assert!(!said.contains("cargo::"), "{said}");
}

#[test]
fn what_is_the_same_is_not_written_again() {
    let project = Project::with(PROGRAM);
    let made = || {
        project.prog().generate().unwrap();
        [
            "prog.rs",
            "prog.skel.rs",
            "prog.bpf.o",
            "include/vmlinux.h",
            "ctx.btf",
        ]
        .map(|name| {
            let metadata = std::fs::metadata(project.path("out").join(name)).unwrap();
            metadata.modified().unwrap()
        })
    };
    assert_eq!(made(), made());
}

#[test]
fn nothing_is_left_but_what_is_for_the_crate() {
    let project = Project::with(PROGRAM);
    project.prog().generate().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(project.path("out"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let mut expected = vec![
        "ctx.btf",
        "include",
        "include_bpf.macro.rs",
        "prog.bpf.o",
        "prog.bpf.rs",
    ];
    if cfg!(feature = "bindgen") {
        expected.push("prog.ctx.rs");
    }
    expected.extend(["prog.inputs", "prog.rs", "prog.skel.rs"]);
    assert_eq!(names, expected);
}

//! clang: which one is run, what it has to be, and what becomes of what it says.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use ctxgen_build::Builder;

use crate::support::Child;
use crate::support::Project;

const PROGRAM: &str = r#"
SEC("lsm/file_open")
int open_guard(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags ? -1 : 0;
}
"#;

/// A shell script in place of clang.
pub(crate) fn fake(project: &Project, script: &str) -> PathBuf {
    let path = project.file("fake-clang", &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What a build with this script in place of clang fails with.
fn error_with(script: &str) -> (String, PathBuf) {
    let project = Project::with(PROGRAM);
    let clang = fake(&project, script);
    let error = project.prog().clang(&clang).generate().unwrap_err();
    (error.to_string(), clang)
}

#[test]
fn missing() {
    let project = Project::with(PROGRAM);
    let error = project.prog().clang("/nowhere/clang").generate();
    assert_eq!(
        error.unwrap_err().to_string(),
        "cannot run clang as `/nowhere/clang`: No such file or directory (os error 2). BPF programs \
         are compiled with clang 11 or newer: install it (Debian and Ubuntu: apt-get install \
         clang), or name it with Builder::clang or the CLANG variable"
    );
}

#[test]
fn missing_from_the_path() {
    let project = Project::with(PROGRAM);
    let error = Child::new("clang::missing_from_the_path", &project)
        .env("PATH", "/nowhere")
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap_err();
    assert!(
        error.starts_with("Error: cannot run clang as `clang`: No such file or directory"),
        "{error}"
    );
}

#[test]
fn named_by_the_environment() {
    let project = Project::with(PROGRAM);
    let error = Child::new("clang::named_by_the_environment", &project)
        .env("CLANG", "/nowhere/clang-99")
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap_err();
    assert!(
        error.starts_with("Error: cannot run clang as `/nowhere/clang-99`: "),
        "{error}"
    );
}

#[test]
fn named_by_an_empty_variable_is_not_named() {
    let project = Project::with(PROGRAM);
    Child::new("clang::named_by_an_empty_variable_is_not_named", &project)
        .env("CLANG", "")
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap();
}

#[test]
fn the_builder_wins_over_the_environment() {
    let project = Project::with(PROGRAM);
    let lines = Child::new("clang::the_builder_wins_over_the_environment", &project)
        .env("CLANG", "/nowhere/clang-99")
        .build(|| Builder::new().source("src/prog.bpf.c").clang("clang"))
        .unwrap();
    assert!(!lines.contains("rerun-if-env-changed=CLANG\n"), "{lines}");
}

#[test]
fn something_else() {
    let (error, clang) = error_with("echo 'gcc (Debian 12.2.0-14) 12.2.0'");
    assert_eq!(
        error,
        format!(
            "`{}` is not clang: asked for its version, it prints \"gcc (Debian 12.2.0-14) 12.2.0\". \
             BPF programs are compiled with clang 11 or newer: name one with Builder::clang or the \
             CLANG variable",
            clang.display()
        )
    );
}

#[test]
fn something_that_complains() {
    let (error, _) = error_with("echo 'unknown option --version' >&2; exit 2");
    assert!(
        error.contains("asked for its version, it prints \"unknown option --version\""),
        "{error}"
    );
}

#[test]
fn something_that_says_nothing() {
    let (error, _) = error_with("exit 3");
    assert!(
        error.contains("asked for its version, it prints nothing and ends with exit status: 3"),
        "{error}"
    );
}

#[test]
fn too_old() {
    let (error, clang) = error_with("echo 'clang version 10.0.1-8'");
    assert_eq!(
        error,
        format!(
            "`{}` is clang 10, and BPF programs with CO-RE need 11 or newer; name a newer one with \
             Builder::clang or the CLANG variable",
            clang.display()
        )
    );
}

#[test]
fn without_the_bpf_target() {
    let (error, clang) = error_with(
        r#"case "$1" in
--version) echo "clang version 19.1.0" ;;
--print-targets) printf '  Registered Targets:\n    x86 - 32-bit X86\n    x86-64 - 64-bit X86\n' ;;
*) echo "error: unable to create target: 'No available targets are compatible'" >&2; exit 1 ;;
esac"#,
    );
    let clang = clang.display();
    assert_eq!(
        error,
        format!(
            "`{clang}` was built without the BPF target (`{clang} --print-targets` does not list \
             it); install a complete clang, or name one with Builder::clang or the CLANG variable"
        )
    );
}

#[test]
fn crashes() {
    let (error, _) =
        error_with(r#"[ "$1" = --version ] && echo "clang version 19.1.0" || kill -9 $$"#);
    assert!(error.contains("prog.bpf.c"), "{error}");
    assert!(error.contains("signal: 9"), "{error}");
}

#[test]
fn errors_in_a_source() {
    let project = Project::with("int f(void) { return undeclared; }\n");
    let error = Child::new("clang::errors_in_a_source", &project)
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap_err();
    let start = "Error: clang cannot compile src/prog.bpf.c:\nsrc/prog.bpf.c:4:22: error: use of \
                 undeclared identifier 'undeclared'\n";
    let rest = error
        .strip_prefix(start)
        .unwrap_or_else(|| panic!("{error}"));
    let quoted = quoted_line(rest.lines().next());
    assert_eq!(quoted, "int f(void) { return undeclared; }", "{error}");
    assert!(error.ends_with("1 error generated."), "{error:?}");
}

/// A line of a source as clang quotes it; since version 17, with its number.
fn quoted_line(line: Option<&str>) -> &str {
    let line = line.unwrap_or_default();
    match line.split_once(" | ") {
        Some((number, quoted)) if number.trim().parse::<u32>().is_ok() => quoted,
        _ => line,
    }
}

#[test]
fn errors_in_a_header() {
    let project = Project::with("#include \"own.h\"\n");
    project.file("src/own.h", "\n\nint broken;;;\nbroken broken;\n");
    let error = Child::new("clang::errors_in_a_header", &project)
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap_err();
    assert!(
        error.contains("In file included from src/prog.bpf.c:4:\nsrc/own.h:4:1: error: "),
        "{error}"
    );
}

#[test]
fn the_first_source_in_their_order_is_reported() {
    let project = Project::new();
    let builder = (0..6).fold(project.builder(), |builder, number| {
        let source = project.file(&format!("s{number}.bpf.c"), "int f(void) { return x; }\n");
        builder.source(source)
    });
    let error = builder.generate().unwrap_err().to_string();
    assert!(error.contains("s0.bpf.c"), "{error}");
}

#[test]
fn warnings_are_passed_on() {
    let project = Project::with("static int unused(void) { return 0; }\n");
    let lines = Child::new("clang::warnings_are_passed_on", &project)
        .build(|| Builder::new().source("src/prog.bpf.c"))
        .unwrap();
    let warnings: Vec<&str> = lines
        .lines()
        .filter_map(|line| line.strip_prefix("cargo::warning="))
        .collect();
    assert_eq!(
        warnings.first(),
        Some(&"src/prog.bpf.c:4:12: warning: unused function 'unused' [-Wunused-function]"),
        "{lines}"
    );
    let quoted = quoted_line(warnings.get(1).copied());
    assert_eq!(quoted, "static int unused(void) { return 0; }", "{lines}");
    assert!(
        lines.lines().all(|line| line.starts_with("cargo::")),
        "{lines}"
    );
}

#[test]
fn own_arguments_come_last() {
    let text = "static int unused(void) { return VALUE; }\n";
    let project = Project::with(text);
    let artifacts = project
        .prog()
        .clang_args(["-Wno-unused-function", "-DVALUE=1"])
        .clang_args(["-DANOTHER"])
        .generate()
        .unwrap();
    assert_eq!(artifacts.warnings, [""; 0]);
}

#[test]
fn own_arguments_that_make_something_else() {
    for (arguments, says) in [
        (
            &["-g0"][..],
            "Invalid argument (os error 22). It said:\nfailed to find BTF info for object 'it'",
        ),
        (
            // Clang 19 refuses `-mcpu=v3` for other targets.
            &["--target=aarch64", "-mcpu=generic"],
            "os error 95). It said:\nunsupported kind of ELF file it",
        ),
        (&["-emit-llvm"], "It said:\nfailed to get ELF header for it"),
    ] {
        let project = Project::with(PROGRAM);
        let error = project.prog().clang_args(arguments).generate().unwrap_err();
        let error = error.to_string();
        let source = project.path("src/prog.bpf.c");
        let start = format!(
            "libbpf cannot link what clang made of {}: ",
            source.display()
        );
        assert!(error.starts_with(&start), "{error}");
        assert!(error.contains(says), "{error}");
        // clang's warnings, where it has any, are behind that.
        let (error, _) = error
            .split_once("\n\nclang had warned:")
            .unwrap_or((&error, ""));
        assert!(
            error.ends_with("Were arguments given to clang that make it no BPF object with BTF?"),
            "{error}"
        );
    }
}

/// Nobody would set the pointer: libbpf relocates code alone.
#[test]
fn a_variable_that_starts_with_an_address() {
    let source = format!("{PROGRAM}\nconst char *title = \"a title\";\n");
    let project = Project::with(&source);
    let error = project.prog().generate().unwrap_err().to_string();
    assert!(
        error.contains("Make it an array (`const char name[] = \"x\"`)"),
        "{error}"
    );
}

#[test]
fn an_object_that_libbpf_does_not_open() {
    let project = Project::with(
        "struct { int wrong; } map SEC(\".maps\");\n\
         SEC(\"xdp\") int prog(void *ctx) { return map.wrong; }\n",
    );
    let error = project.error();
    let source = project.path("src/prog.bpf.c");
    assert!(
        error.starts_with(&format!(
            "cannot read the programs of {}: ",
            source.display()
        )),
        "{error}"
    );
    assert!(error.contains("unknown field 'wrong'"), "{error}");
}

/// Nothing holds its programs against their hooks, since there are none.
#[test]
fn an_object_without_programs_that_libbpf_does_not_open() {
    let project =
        Project::with("struct { __uint(type, 2); __uint(wrong, 1); } map SEC(\".maps\");\n");
    let error = project.error();
    assert!(error.starts_with("cannot make the skeleton of "), "{error}");
    assert!(
        error.contains("libbpf said:\n") && error.contains("unknown field 'wrong'"),
        "{error}"
    );
}

/// There is no warning of libbpf's then, and an error number says nothing.
#[test]
fn an_object_that_libbpf_refuses_without_a_warning() {
    let project = Project::with(&format!(
        "char nothing[0] SEC(\".data.nothing\");\n{PROGRAM}"
    ));
    let error = project.error();
    assert!(
        error.contains("sec '.data.nothing': failed to determine size"),
        "{error}"
    );
}

/// `clang --version` is bounded like all else.
#[test]
fn one_that_hangs_or_writes_without_end_is_stopped() {
    for (script, what) in [
        ("sleep 1000", "was stopped: it did not end within 1 s"),
        (
            "while :; do echo x; done | sleep 1000",
            "it did not end within 1 s",
        ),
        ("exec cat /dev/zero", "was stopped: it printed more than "),
    ] {
        let project = Project::with(PROGRAM);
        let clang = fake(&project, script);
        let name = "clang::one_that_hangs_or_writes_without_end_is_stopped";
        let error = Child::new(name, &project)
            .env("CLANG", clang.to_str().unwrap())
            .env("CTXGEN_CLANG_TIMEOUT", "1")
            .build(|| Builder::new().source("src/prog.bpf.c"))
            .unwrap_err();
        assert!(
            error.contains("was stopped: ") && error.contains(what),
            "{error}"
        );
    }
}

/// The builder says how long, whatever the variable does.
#[test]
fn the_builder_bounds_it() {
    let project = Project::with(PROGRAM);
    let clang = fake(&project, "sleep 1000");
    let error = Child::new("clang::the_builder_bounds_it", &project)
        .env("CLANG", clang.to_str().unwrap())
        .env("CTXGEN_CLANG_TIMEOUT", "500")
        .build(|| {
            Builder::new()
                .source("src/prog.bpf.c")
                .clang_timeout(Duration::from_millis(500))
        })
        .unwrap_err();
    let said = "it did not end within 0.5 s; where that is too short, give it longer \
                with Builder::clang_timeout, ";
    assert!(error.contains(said), "{error}");
}

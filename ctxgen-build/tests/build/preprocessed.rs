//! Sources name what they name after the preprocessor.

use std::ffi::OsString;

use ctxgen_build::Builder;

use crate::support::Child;
use crate::support::INCLUDES;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::source;

/// A header that names a context.
const HOOKS: &str = "\
#ifndef HOOKS_H
#define HOOKS_H
struct btf_lsm_file_open_ctx;
static inline __attribute__((always_inline)) int flags(struct btf_lsm_file_open_ctx *ctx);
#endif
";
/// What a source does that has that header.
const USE: &str = "
static inline __attribute__((always_inline)) int flags(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
SEC(\"lsm/file_open\")
int prog(void *ctx)
{
	return flags(ctx) & FLAG;
}
";

/// A program for a kernel that has one more hook, and for all.
const FOR_TWO: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
#ifdef WITH_PATCH
SEC(\"fentry/patched\")
int more(struct btf_fentry_patched_ctx *ctx)
{
	return ctx->arg0;
}
#endif
";

#[test]
fn what_conditions_take_away_is_not_asked_for() {
    let project = Project::with(FOR_TWO);
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
    assert!(!project.made("include/ctx.h").contains("patched"));

    let with = project.prog().clang_args(["-DWITH_PATCH"]).generate();
    let expected = format!(
        "{}:12: struct btf_fentry_patched_ctx: {} has no hook `fentry/patched`: ",
        project.path("src/prog.bpf.c").display(),
        kernel(Order::Little).display()
    );
    let error = with.unwrap_err().to_string();
    assert!(error.starts_with(&expected), "{error}");
}

const PASTED: &str = "
u64 hits;
#define CONTEXT(family, name) struct btf_##family##_##name##_ctx
#define WATCH(tp) \\
	SEC(\"tp_btf/\" #tp) \\
	int watch_##tp(CONTEXT(trace, tp) *ctx) \\
	{ \\
		hits += (u64)ctx; \\
		return 0; \\
	}
WATCH(sched_wakeup)
WATCH(sched_process_fork)
";

#[test]
fn names_that_macros_put_together() {
    let project = Project::with(PASTED);
    let artifacts = project.prog().generate().unwrap();
    assert_eq!(
        artifacts.objects[0].structs,
        [
            "btf_trace_sched_process_fork_ctx",
            "btf_trace_sched_wakeup_ctx"
        ]
    );
    assert_eq!(artifacts.warnings, [""; 0]);

    // The line is the one where the macro is used.
    let project = Project::with(&PASTED.replace("(sched_process_fork)", "(sched_wakeupp)"));
    let source = project.path("src/prog.bpf.c");
    let expected = format!(
        "{}:15: struct btf_trace_sched_wakeupp_ctx: ",
        source.display()
    );
    let error = project.error();
    assert!(error.starts_with(&expected), "{error}");
    assert!(
        error.ends_with("Similar names: tp_btf/sched_wakeup"),
        "{error}"
    );
}

#[test]
fn names_that_stand_for_others() {
    let project = Project::new();
    project.file(
        "src/deep/own.h",
        "#define CONTEXT struct btf_lsm_task_free_ctx\n",
    );
    let source = project.file(
        "src/prog.bpf.c",
        "#define KERNEL \"vmlinux.h\"\n#define CONTEXTS <ctx.h>\n#define OWN \"deep/own.h\"\n\
         #include KERNEL\n#include CONTEXTS\n#include OWN\n\
         typedef CONTEXT context_t;\nint f(context_t *ctx) { return ctx->task->pid; }\n",
    );
    let artifacts = project.builder().source(source).generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_task_free_ctx"]);
    assert!(
        artifacts
            .depends_on
            .contains(&project.path("src/deep/own.h"))
    );
}

#[test]
fn headers_asked_for_by_what_there_is() {
    let project = Project::new();
    let source = project.file(
        "src/prog.bpf.c",
        "#if __has_include(\"vmlinux.h\") && __has_include(<ctx.h>)\n#include \"vmlinux.h\"\n\
         #include <ctx.h>\n#endif\n#if __has_include(\"own.h\")\n#include \"own.h\"\n#endif\n\
         #if __has_include(\"none.h\")\nstruct btf_lsm_nothing_ctx *none;\n#endif\n\
         int f(CONTEXT *ctx) { return ctx->task->pid; }\n",
    );
    project.file(
        "src/own.h",
        "#define CONTEXT struct btf_lsm_task_free_ctx\n",
    );
    let artifacts = project.builder().source(source).generate().unwrap();
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_task_free_ctx"]);
}

/// A package whose source has a header in another folder.
fn elsewhere(include: &str) -> Project {
    let project = Project::with(&format!("{include}\n#define FLAG 1\n{USE}"));
    project.file("shared/hooks.h", HOOKS);
    project
}

/// Whatever finds the header, it is read, and a change of it is noticed.
#[test]
fn headers_in_folders_of_every_option() {
    const ANGLED: &str = "#include <hooks.h>";
    const QUOTED: &str = "#include \"hooks.h\"";
    for (include, options) in [
        (ANGLED, &["-I", "DIR"][..]),
        (ANGLED, &["-IDIR"]),
        (ANGLED, &["-isystem", "DIR"]),
        (ANGLED, &["-isystemDIR"]),
        (ANGLED, &["-idirafter", "DIR"]),
        (ANGLED, &["--include-directory=DIR"]),
        (ANGLED, &["--include-directory", "DIR"]),
        (QUOTED, &["-iquote", "DIR"]),
        (QUOTED, &["-iquoteDIR"]),
        ("", &["-include", "DIR/hooks.h"]),
        ("", &["-includeDIR/hooks.h"]),
        ("", &["--include=DIR/hooks.h"]),
    ] {
        let project = elsewhere(include);
        let folder = project.path("shared").display().to_string();
        let args = options.iter().map(|arg| arg.replace("DIR", &folder));
        let artifacts = project.prog().clang_args(args).generate();
        let artifacts = artifacts.unwrap_or_else(|error| panic!("{options:?}: {error}"));
        assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
        let header = project.path("shared/hooks.h");
        assert!(artifacts.depends_on.contains(&header), "{artifacts:?}");
        // The folder of this test is nowhere in the object.
        let object = std::fs::read(&artifacts.objects[0].object).unwrap();
        let root = project.root().as_os_str().as_encoded_bytes();
        assert!(
            !object.windows(root.len()).any(|part| part == root),
            "{options:?}"
        );
    }
}

#[test]
fn a_file_of_arguments() {
    let project = elsewhere("#include <hooks.h>");
    let [file, inner] = ["args.txt", "more args.txt"].map(|name| project.path(name));
    project.file("args.txt", &format!("'@{}'\n-O2", inner.display()));
    let folder = project.path("shared");
    project.file(
        "more args.txt",
        &format!("-isystem \"{}\"", folder.display()),
    );
    let build = || {
        let mut arg = OsString::from("@");
        arg.push(&file);
        project.prog().clang_args([arg]).generate().unwrap()
    };
    let artifacts = build();
    assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
    for path in [&file, &inner, &project.path("shared/hooks.h")] {
        assert!(artifacts.depends_on.contains(path), "{artifacts:?}");
    }

    // What changes the object and not the preprocessed text.
    let before = std::fs::read(&artifacts.objects[0].object).unwrap();
    project.file("args.txt", &format!("'@{}'\n-O2 -mcpu=v1", inner.display()));
    let after = std::fs::read(&build().objects[0].object).unwrap();
    assert_ne!(before, after);
}

#[test]
fn folders_of_the_environment() {
    for (name, test) in [("CPATH", 0), ("C_INCLUDE_PATH", 1)] {
        let project = elsewhere("#include <hooks.h>");
        let lines = Child::new("preprocessed::folders_of_the_environment", &project)
            .env(name, "shared")
            .build(source)
            .unwrap_or_else(|error| panic!("{name}, {test}: {error}"));
        for line in [
            "cargo::rerun-if-changed=shared/hooks.h",
            "cargo::rerun-if-changed=src/prog.bpf.c",
            "cargo::rerun-if-env-changed=CPATH",
            "cargo::rerun-if-env-changed=C_INCLUDE_PATH",
        ] {
            assert!(lines.lines().any(|own| own == line), "{line}: {lines}");
        }
        assert!(
            project
                .made("include/ctx.h")
                .contains("struct btf_lsm_file_open_ctx {")
        );
    }
}

#[test]
fn what_the_preprocessor_refuses_is_shown_once() {
    for (text, message) in [
        ("#include \"nowhere.h\"\n", "'nowhere.h' file not found"),
        ("#error not so\n", "error: not so"),
        ("#if X(\n#endif\n", "function-like macro 'X' is not defined"),
    ] {
        let project = Project::with(text);
        let error = project.error();
        let source = project.path("src/prog.bpf.c").display().to_string();
        assert!(
            error.starts_with(&format!("clang cannot compile {source}:\n{source}:4:")),
            "{error}"
        );
        assert_eq!(error.matches(message).count(), 1, "{error}");
    }
}

/// The macros of `ctx.h` may depend on what is asked for: here, of contexts with structs by value.
#[test]
fn macros_of_contexts_name_types_too() {
    let program = "
struct own { u64 sum; };
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	struct file *file = ctx_get(ctx, file);
	return file->f_inode->i_flags;
}
";
    for relocatable in [false, true] {
        let project = Project::with(program);
        let artifacts = project.prog().relocatable(relocatable).generate().unwrap();
        assert_eq!(artifacts.warnings, [""; 0]);
        let header = project.made("include/vmlinux.h");
        assert!(header.contains("struct inode {"), "{header}");
    }
}

#[test]
fn lines_are_those_of_generated_sources() {
    let project = Project::with("#line 7 \"prog.y\"\nstruct btf_lsm_nothing_ctx *ctx;\n");
    let error = project.error();
    assert!(
        error.starts_with("prog.y:7: struct btf_lsm_nothing_ctx: "),
        "{error}"
    );
}

/// The generated headers may be given to all sources alike.
#[test]
fn headers_from_the_command_line() {
    for args in [
        &["-include", "vmlinux.h", "-include", "ctx.h"][..],
        &["-include", "ctx.h"],
        &["-include", "vmlinux.h", "-include", "ctx.h", "-P"],
    ] {
        let project = Project::new();
        let source = project.file(
            "src/prog.bpf.c",
            "int f(struct btf_lsm_file_open_ctx *ctx) { return ctx->file->f_inode->i_flags; }\n",
        );
        let builder = project.builder().source(source).clang_args(args);
        let artifacts = builder.generate().unwrap();
        assert_eq!(artifacts.objects[0].structs, ["btf_lsm_file_open_ctx"]);
        assert_eq!(artifacts.warnings, [""; 0], "{args:?}");
    }
}

/// Pinned BTF has what builds need that find the same.
#[test]
fn pinned_likewise() {
    let project = Project::new();
    let source = project.file(
        "src/prog.bpf.c",
        &format!("{INCLUDES}#include <hooks.h>\n#define FLAG 1\n{USE}{PASTED}{FOR_TWO}")
            .replace("int prog(struct", "int other(struct"),
    );
    project.file("shared/hooks.h", HOOKS);
    let with = |builder: Builder| {
        let folder = project.path("shared").into_os_string();
        builder
            .source(&source)
            .clang_args(["-isystem".into(), folder])
    };
    let pinned = project.path("btf/x86_64.btf");
    with(project.builder()).pin(&pinned).unwrap();
    let full = with(project.builder()).generate().unwrap();
    let object = std::fs::read(&full.objects[0].object).unwrap();
    let small = with(project.builder()).btf(&pinned).generate().unwrap();
    assert_eq!(full.objects[0].structs, small.objects[0].structs);
    assert_eq!(full.objects[0].structs.len(), 3);
    assert!(object == std::fs::read(&small.objects[0].object).unwrap());
}

//! Messages for context structs that clang does not know.

use crate::support::Project;

/// What building that source, which begins with `includes`, fails with, and its path.
fn error(includes: &str, text: &str) -> (String, String) {
    let project = Project::new();
    let path = project.file(
        "src/prog.bpf.c",
        &format!("#include \"vmlinux.h\"\n{includes}\n#include <bpf/bpf_helpers.h>\n{text}"),
    );
    (project.error(), path.display().to_string())
}

const PROGRAM: &str = "
SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx->file->f_flags;
}
";

#[test]
fn without_the_header() {
    let (error, source) = error("", PROGRAM);
    assert!(
        error.contains("incomplete definition of type 'struct btf_lsm_file_open_ctx'"),
        "{error}"
    );
    let expected = format!(
        "\n{source}:6: struct btf_lsm_file_open_ctx is defined in ctx.h, which {source} does not \
         include: add `#include \"ctx.h\"` before this"
    );
    assert!(error.ends_with(&expected), "{error}");
    // For both of clang's complaints.
    assert_eq!(error.matches("add `#include").count(), 1, "{error}");
}

/// Clang stops at 20 errors, or at another number that the user's arguments have.
#[test]
fn behind_clangs_limit_of_errors() {
    let others: String = (0..25).map(|n| format!("int a{n} = none{n};\n")).collect();
    let project = Project::new();
    project.file(
        "src/prog.bpf.c",
        &format!("#include \"vmlinux.h\"\n#include <bpf/bpf_helpers.h>\n{others}{PROGRAM}"),
    );
    let limits: [(&[&str], bool); 5] = [
        (&[], true),
        (&["-ferror-limit=3"], true),
        (&["-Wfatal-errors"], true),
        (&["-ferror-limit=30"], false),
        (&["-ferror-limit=0"], false),
    ];
    for (args, is_limited) in limits {
        let error = project.prog().clang_args(args).generate().unwrap_err();
        let error = error.to_string();
        let include = "is defined in ctx.h, which ";
        assert_eq!(error.matches(include).count(), 1, "{args:?}: {error}");
        // What clang was told not to print is not printed.
        let last = error.contains("'none24'");
        assert_eq!(last, !is_limited, "{args:?}: {error}");
    }
}

#[test]
fn with_the_header_behind() {
    let (error, source) = error("", &format!("{PROGRAM}#include \"ctx.h\"\n"));
    let expected = format!(
        "\n{source}:6: struct btf_lsm_file_open_ctx is defined in ctx.h, which is included behind this, \
         at {source}:10: include it before"
    );
    assert!(error.ends_with(&expected), "{error}");
}

#[test]
fn of_names_that_are_no_contexts() {
    for (name, similar) in [
        (
            "btf_fentyr_vfs_unlink_ctx",
            "similar: struct btf_fentry_vfs_unlink_ctx",
        ),
        ("btf_lsm_file_open", "similar: struct btf_lsm_file_open_ctx"),
        (
            "btf_lsm_file_open_context",
            "similar: struct btf_lsm_file_open_ctx",
        ),
        (
            "btf_fexti_vfs_unlik_ctx",
            "similar: struct btf_fexit_vfs_unlink_ctx",
        ),
        (
            "btf_lsm_file_open_ctx___old",
            "similar: struct btf_lsm_file_open_ctx",
        ),
        (
            "btf_zzz_ctx",
            "contexts are called struct btf_<family>_<target>_ctx",
        ),
    ] {
        let text = format!("\nint prog(struct {name} *ctx)\n{{\n\treturn ctx->file != 0;\n}}\n");
        let (error, source) = error("#include \"ctx.h\"", &text);
        let expected = format!(
            "\n{source}:5: struct {name} is no context of this kernel, and no source defines it; \
             {similar}"
        );
        assert!(error.contains(&expected), "{error}");
    }
}

/// A struct of the kernel's own that this one lacks, in a source that needs it.
#[test]
fn of_the_kernels_own() {
    let text = "\nint prog(struct bpf_perf_event_data *ctx)\n{\n\treturn ctx->addr;\n}\n";
    let (error, source) = error("#include \"ctx.h\"", text);
    let expected = format!("\n{source}:5: struct bpf_perf_event_data: ");
    assert!(error.contains(&expected), "{error}");
}

/// What is only a warning to clang.
#[test]
fn in_a_declaration() {
    let project = Project::with("int prog(struct btf_fentyr_vfs_unlink_ctx *ctx);\n");
    let artifacts = project.prog().generate().unwrap();
    let [clang, ours] = &artifacts.warnings[..] else {
        panic!("{:?}", artifacts.warnings);
    };
    assert!(clang.contains("will not be visible"), "{clang}");
    let expected = format!(
        "{}:4: struct btf_fentyr_vfs_unlink_ctx is no context of this kernel",
        project.path("src/prog.bpf.c").display()
    );
    assert!(ours.starts_with(&expected), "{ours}");
    // A build that makes nothing again says the same.
    let again = project.prog().generate().unwrap();
    assert_eq!(artifacts.warnings, again.warnings);
}

/// The name that one writes by habit.
#[test]
fn another_beginning() {
    let program = PROGRAM.replace("btf_lsm", "bpf_lsm");
    let (error, _) = error("#include \"ctx.h\"", &program);
    let expected = ": struct bpf_lsm_file_open_ctx is no context, and no source defines it; that of \
                    lsm/file_open is struct btf_lsm_file_open_ctx";
    assert!(error.ends_with(expected), "{error}");
    assert_eq!(error.matches(expected).count(), 1, "{error}");
}

//! `ctxgen pin`.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use tempfile::TempDir;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn kernel() -> PathBuf {
    workspace().join("tests/fixtures/corpus/corpus-x86_64.btf")
}

/// A package with a source.
fn package() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("Cargo.toml"), "").unwrap();
    let source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n#include <bpf/bpf_helpers.h>\n\
                  #ifdef EXTRA\nstruct file *more;\n#endif\n\
                  SEC(\"tp_btf/sched_switch\") int prog(struct btf_trace_sched_switch_ctx *ctx)\n\
                  { return ctx->next->pid; }\n";
    std::fs::write(dir.path().join("prog.bpf.c"), source).unwrap();
    dir
}

fn pin(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ctxgen"))
        .current_dir(folder)
        .arg("pin")
        .arg("--btf")
        .arg(kernel())
        .args(args)
        .output()
        .unwrap()
}

fn done(output: &Output) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{stderr}"
    );
}

#[test]
fn sources_and_hooks() {
    let package = package();
    let read = |name: &str| std::fs::read(package.path().join(name)).unwrap();
    done(&pin(
        package.path(),
        &["-o", "btf/x86_64.btf", "prog.bpf.c"],
    ));
    let first = read("btf/x86_64.btf");
    assert!(first.len() < 40_000, "{}", first.len());
    let text = String::from_utf8(read("btf/x86_64.btf.txt")).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let size = std::fs::metadata(kernel()).unwrap().len();
    assert_eq!(
        lines[1..],
        [
            "kernel: corpus-x86_64",
            "arch: x86_64",
            &*format!("bytes: {} of {size}", first.len()),
            "renew: ctxgen pin -o btf/x86_64.btf --btf VMLINUX prog.bpf.c",
        ]
    );
    // The same from elsewhere, and into a folder.
    let path = |name: &str| package.path().join(name).display().to_string();
    std::fs::create_dir(package.path().join("again")).unwrap();
    let args = ["-o", &*path("again"), &*path("prog.bpf.c")];
    done(&pin(Path::new("/"), &args));
    assert_eq!(read("again/x86_64.btf"), first);

    done(&pin(
        package.path(),
        &[
            "-o",
            "hooks.btf",
            "lsm/file_open",
            "btf_trace_sched_wakeup_ctx",
        ],
    ));
    let hooks = read("hooks.btf");
    assert!(hooks.len() < 5_000, "{}", hooks.len());

    done(&pin(
        package.path(),
        &["-o", "more.btf", "prog.bpf.c", "--", "-DEXTRA"],
    ));
    assert!(read("more.btf").len() > first.len());
    let text = String::from_utf8(read("more.btf.txt")).unwrap();
    assert!(text.ends_with("VMLINUX prog.bpf.c -- -DEXTRA\n"), "{text}");
}

/// Names count as the preprocessor leaves them, and what a source defines itself is none of a kernel's.
#[test]
fn names_after_the_preprocessor() {
    let package = package();
    let write = |name: &str, text: &str| std::fs::write(package.path().join(name), text).unwrap();
    let includes = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n#include <own.h>\n";
    write(
        "own.h",
        "#define CONTEXT(name) struct btf_trace_##name##_ctx\n",
    );
    write(
        "pasted.bpf.c",
        &format!(
            "{includes}#ifdef PATCHED\nCONTEXT(patched) *more;\n#endif\n\
             struct btf_lsm_own_ctx {{ int x; }};\n\
             int prog(CONTEXT(sched_switch) *ctx) {{ return ctx->next->pid; }}\n\
             int other(struct bpf_sock_ops___unknown *ctx);\n"
        ),
    );
    write(
        "spelt.bpf.c",
        &format!(
            "{includes}int prog(struct btf_trace_sched_switch_ctx *ctx) {{ return ctx->next->pid; }}\n"
        ),
    );
    let clang = ["--", "-idirafter", "."];
    let args = |source| [&["-o", "x.btf", source][..], &clang].concat();
    let pinned = |source| {
        done(&pin(package.path(), &args(source)));
        std::fs::read(package.path().join("x.btf")).unwrap()
    };
    assert_eq!(pinned("pasted.bpf.c"), pinned("spelt.bpf.c"));

    let output = pin(
        package.path(),
        &[&*args("pasted.bpf.c"), &["-DPATCHED"]].concat(),
    );
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "error: pasted.bpf.c:5: struct btf_trace_patched_ctx: ";
    assert!(said.starts_with(expected), "{said}");
    assert!(said.contains("has no hook `tp_btf/patched`"), "{said}");
}

#[test]
fn what_goes_wrong() {
    let package = package();
    let error = |args: &[&str]| {
        let output = pin(package.path(), args);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let said = error(&["-o", "x.btf", "lsm/file_opne"]);
    assert!(said.contains("has no hook `lsm/file_opne`"), "{said}");
    let said = error(&["-o", "x.btf", "other.bpf.c"]);
    assert!(
        said.starts_with("error: cannot read ") && said.contains("/other.bpf.c: "),
        "{said}"
    );
    assert!(!package.path().join("x.btf").exists());
}

/// A folder need not be there.
#[test]
fn into_a_folder() {
    let package = package();
    for (output, file) in [
        ("btf", "btf/x86_64.btf"),
        ("new/folder/", "new/folder/x86_64.btf"),
        ("one.btf", "one.btf"),
        ("btf", "btf/x86_64.btf"),
    ] {
        done(&pin(package.path(), &["-o", output, "prog.bpf.c"]));
        let file = package.path().join(file);
        assert!(file.is_file(), "{output}");
        assert!(file.with_extension("btf.txt").is_file(), "{output}");
    }
    // A file that is there stays one.
    std::fs::write(package.path().join("plain"), "").unwrap();
    done(&pin(package.path(), &["-o", "plain", "prog.bpf.c"]));
    assert!(package.path().join("plain.txt").is_file());
}

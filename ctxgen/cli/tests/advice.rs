//! Errors say what to do.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

fn kernel() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join("tests/fixtures/corpus/corpus-x86_64.btf")
}

/// What the command complains about.
fn complaint(folder: &Path, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.current_dir(folder).env_remove("CARGO_MANIFEST_DIR");
    let output = command
        .args(args)
        .arg("--btf")
        .arg(kernel())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// A name that is a hook of another family, and an LSM hook that is called like the function that asks it.
#[test]
fn hooks_of_other_families() {
    for (hook, names) in [
        ("lsm/vfs_open", &["lsm/file_open", "fexit/vfs_open"][..]),
        ("tp_btf/vfs_open", &["fexit/vfs_open"]),
        ("fentry/sched_switch", &["tp_btf/sched_switch"]),
        ("fexit/file_open", &["lsm/file_open"]),
    ] {
        let said = complaint(Path::new("/"), &["show", hook]);
        let (_, similar) = said
            .split_once("Similar names: ")
            .unwrap_or_else(|| panic!("{said}"));
        for name in names {
            let mut similar = similar.trim().split(", ");
            assert!(similar.any(|similar| similar == *name), "{hook}: {said}");
        }
    }
}

/// The result of what returns nothing, and before there is one.
#[test]
fn results_that_are_not_there() {
    let folder = tempfile::tempdir().unwrap();
    for (hook, says) in [
        (
            "fexit/__probestub_sched_wakeup",
            "fexit/__probestub_sched_wakeup returns nothing that a program could read",
        ),
        (
            "fentry/vfs_open",
            "programs on fentry/vfs_open run before it returns; its result is in fexit/vfs_open",
        ),
        (
            "tp_btf/sched_switch",
            "programs on tp_btf/sched_switch get no returned value",
        ),
    ] {
        let context = hook.parse::<ctxgen::Hook>().unwrap().struct_name();
        let source = format!(
            "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
             __attribute__((section(\"{hook}\"), used)) int prog(struct {context} *ctx) {{ return ctx->ret; }}\n"
        );
        fs::write(folder.path().join("prog.bpf.c"), source).unwrap();
        let said = complaint(folder.path(), &["build", "-o", "out", "prog.bpf.c"]);
        assert!(said.contains(says), "{hook}: {said}");
    }
}

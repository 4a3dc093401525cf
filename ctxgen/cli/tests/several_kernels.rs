//! The commands that take several kernels: `diff`, `check` and `header --relocatable`.

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

fn ctxgen(args: &[&str], kernels: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.args(args);
    for kernel in kernels {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
        command
            .arg("--btf")
            .arg(fixtures.join(format!("{kernel}.btf")));
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A folder of this test's own, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Compiles a program against the headers of a kernel, with the clang that builds take.
fn compile(folder: &Path, headers: &[&str], kernels: &[&str], program: &str) -> PathBuf {
    let out = folder.to_str().unwrap();
    let output = ctxgen(&[headers, &["-o", out]].concat(), kernels);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let source = folder.join("prog.bpf.c");
    let object = folder.join("prog.bpf.o");
    std::fs::write(&source, program).unwrap();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let status = Command::new(clang)
        .args(["-target", "bpfel", "-g", "-O2", "-fms-extensions", "-c"])
        .args(["-Wno-microsoft-anon-tag", "-Wno-missing-declarations"])
        .arg(&source)
        .arg("-o")
        .arg(&object)
        .status()
        .unwrap();
    assert!(status.success());
    object
}

const PROGRAM: &str = "#include \"vmlinux.h\"
#include \"ctx.h\"
__attribute__((section(\"fexit/vfs_unlink\"), used))
int unlinked(struct btf_fexit_vfs_unlink_ctx *ctx)
{
	return ctx_get(ctx, ret);
}
";

#[test]
fn diff() {
    let kernels = ["5.10-x86_64", "6.1-x86_64"];
    let output = ctxgen(&["diff", "fexit/vfs_unlink", "lsm/file_mprotect"], &kernels);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        "fexit/vfs_unlink (btf_fexit_vfs_unlink_ctx) is not the same on all kernels:\n  \
         from 5.10-x86_64 to 6.1-x86_64:\n    \
         added: struct user_namespace *mnt_userns, in slot 0\n    \
         moved: dir from slot 0 to 1, dentry from slot 1 to 2, delegated_inode from slot 2 to 3, ret \
         from slot 3 to 4\n\
         lsm/file_mprotect is the same on all kernels\n"
    );
    let same = ctxgen(&["diff", "lsm/file_mprotect"], &kernels);
    assert!(same.status.success());

    let unknown = ctxgen(&["diff", "lsm/file_mprotec"], &kernels);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("Similar names: lsm/file_mprotect"));
    let one = ctxgen(&["diff", "lsm/file_mprotect"], &kernels[..1]);
    assert_eq!(
        text(&one.stderr),
        "error: there is nothing to compare: name two or more kernels with --btf\n"
    );
}

#[test]
fn check() {
    let folder = folder("check");
    let headers = ["header", "fexit/vfs_unlink"];
    let object = compile(&folder, &headers, &["6.1-x86_64"], PROGRAM);
    let object = object.to_str().unwrap();
    let output = ctxgen(&["check", object], &["6.1-x86_64", "5.10-x86_64"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stdout),
        format!(
            "{object} on 6.1-x86_64:\n  \
             unlinked  fexit/vfs_unlink  agrees\n\
             {object} on 5.10-x86_64:\n  \
             unlinked  fexit/vfs_unlink  DIFFERS: these arguments would be misread:\n    \
             removed: struct user_namespace *mnt_userns, was in slot 0\n    \
             moved: dir from slot 1 to 0, dentry from slot 2 to 1, delegated_inode from slot 3 to 2, \
             ret from slot 4 to 3\n"
        )
    );
    let fine = ctxgen(&["check", object, "--json"], &["6.1-x86_64"]);
    assert!(fine.status.success());
    let line: serde_json::Value = serde_json::from_slice(&fine.stdout).unwrap();
    assert_eq!(
        line,
        serde_json::json!({
            "object": object, "kernel": "6.1-x86_64", "program": "unlinked",
            "section": "fexit/vfs_unlink", "struct": "btf_fexit_vfs_unlink_ctx",
            "verdict": {"is": "agrees"},
        })
    );

    let unchecked = format!(
        "{PROGRAM}__attribute__((section(\"xdp\"), used)) int packets(struct xdp_md *ctx) {{ return 2; }}\n\
         __attribute__((section(\"raw_tp/sched_switch\"), used)) int any(void *ctx) {{ return 0; }}\n"
    );
    let object = compile(&folder, &headers, &["6.1-x86_64"], &unchecked);
    let output = ctxgen(&["check", object.to_str().unwrap()], &["6.1-x86_64"]);
    assert!(output.status.success());
    let said = text(&output.stdout);
    for part in [
        "  unlinked  fexit/vfs_unlink    agrees\n",
        "  packets   xdp                 works: it reads nothing of its context\n",
        "  any       raw_tp/sched_switch  works: it reads nothing of its context\n",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(said).contains(&squeezed(part)), "{part}: {said}");
    }

    let none = ctxgen(&["check", file!()], &["6.1-x86_64"]);
    assert_eq!(none.status.code(), Some(1));
    let source = folder.join("prog.bpf.c");
    let none = ctxgen(&["check", source.to_str().unwrap()], &["6.1-x86_64"]);
    let said = text(&none.stderr);
    assert!(
        said.contains("the BPF object cannot be read: it cannot be read as an ELF file"),
        "{said}"
    );
}

#[test]
fn relocatable_header() {
    let folder = folder("header");
    let headers = ["header", "--relocatable", "fexit/vfs_unlink"];
    let kernels = ["5.10-x86_64", "6.1-x86_64"];
    let object = compile(&folder, &headers, &kernels, PROGRAM);
    let header = std::fs::read_to_string(folder.join("ctx.h")).unwrap();
    assert!(header.contains("\tstruct user_namespace *mnt_userns; /* not on 5.10-x86_64 */\n"));
    let output = ctxgen(&["check", object.to_str().unwrap()], &kernels);
    assert!(output.status.success(), "{}", text(&output.stdout));

    let out = folder.to_str().unwrap();
    let output = ctxgen(&["header", "fexit/vfs_unlink", "-o", out], &kernels);
    let said = text(&output.stderr);
    assert!(
        said.starts_with(
            "error: fexit/vfs_unlink (btf_fexit_vfs_unlink_ctx) is not the same on all"
        ) && said.contains("make them relocatable with --relocatable, or"),
        "{said}"
    );
}

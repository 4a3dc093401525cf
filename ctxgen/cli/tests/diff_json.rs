//! `ctxgen diff --json`: the form that docs/command.md documents.

use std::path::Path;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use serde_json::json;

fn diff(hooks: &[&str]) -> (Output, Vec<Value>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.arg("diff").args(hooks).arg("--json");
    for kernel in ["5.10-x86_64", "6.1-x86_64"] {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
        let path = fixtures.join(format!("{kernel}.btf"));
        command.arg("--btf").arg(path);
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    let lines = lines.collect();
    (output, lines)
}

#[test]
fn a_line_for_each_hook() {
    let (output, lines) = diff(&["fexit/vfs_unlink", "lsm/file_mprotect"]);
    assert_eq!(output.status.code(), Some(1));
    let slot = |from: u32, name: &str| json!({"name": name, "from": {"slot": from}, "to": {"slot": from + 1}});
    assert_eq!(
        lines,
        [
            json!({
                "hook": "fexit/vfs_unlink",
                "struct": "btf_fexit_vfs_unlink_ctx",
                "kernels": ["5.10-x86_64", "6.1-x86_64"],
                "is_same": false,
                "steps": [{
                    "from": "5.10-x86_64",
                    "to": "6.1-x86_64",
                    "changes": [
                        {"added": {"declaration": "struct user_namespace *mnt_userns", "slot": 0}},
                        {"moved": [
                            slot(0, "dir"), slot(1, "dentry"), slot(2, "delegated_inode"), slot(3, "ret"),
                        ]},
                    ],
                }],
            }),
            json!({
                "hook": "lsm/file_mprotect",
                "struct": "btf_lsm_file_mprotect_ctx",
                "kernels": ["5.10-x86_64", "6.1-x86_64"],
                "is_same": true,
                "steps": [],
            }),
        ]
    );
}

#[test]
fn the_same_ends_with_0() {
    let (output, lines) = diff(&["lsm/file_mprotect"]);
    assert!(output.status.success());
    assert_eq!(lines.len(), 1);
}

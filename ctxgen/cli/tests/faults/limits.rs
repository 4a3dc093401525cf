//! Limits of the system: the size of files as a full disk, descriptors, memory.

use std::process::Command;

use super::Folder;

/// The unit of the limit for the size of files, in bytes.
const BLOCK: usize = 512;

/// Runs the command within a limit that a shell sets.
fn within(folder: &Folder, limit: &str) -> std::process::Output {
    let mut command = Command::new("sh");
    // A file that may not grow is an error then, and no signal: as on a full disk.
    let limited = format!("trap '' XFSZ; ulimit {limit} && exec \"$@\"");
    command.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_ctxgen")]);
    folder.header(&mut command);
    command.output().unwrap()
}

#[test]
fn a_disk_that_is_full_at_every_write() {
    let folder = Folder::new();
    let whole = folder.whole();
    // The largest file is that of the types.
    let all = folder.largest().div_ceil(BLOCK);
    let rooms = (0..12).chain((12..all).step_by(37)).chain([all, all + 1]);
    let mut done = Vec::new();
    for room in rooms {
        let output = within(&folder, &format!("-f {room}"));
        done.push(folder.is_done(&format!("room for {room} blocks"), &output, &whole));
    }
    assert!(done.is_sorted(), "{done:?}");
    assert_eq!(done.iter().filter(|done| **done).count(), 2, "{done:?}");
}

#[test]
fn too_few_descriptors() {
    let folder = Folder::new();
    let whole = folder.whole();
    let mut done = Vec::new();
    for most in 3..16 {
        let output = within(&folder, &format!("-n {most}"));
        // The program itself does not start with fewer: the loader of libraries says so.
        if super::said(&output).contains("error while loading shared libraries") {
            continue;
        }
        done.push(folder.is_done(&format!("{most} descriptors"), &output, &whole));
    }
    assert!(done.contains(&true) && done.is_sorted(), "{done:?}");
}

#[test]
fn too_little_memory() {
    let folder = Folder::new();
    let whole = folder.whole();
    let mut done = 0;
    for mib in (4..64).step_by(4) {
        let output = within(&folder, &format!("-v {}", mib << 10));
        let said = super::said(&output);
        // With less, the program does not start, or a thread of it.
        let starts = !said.is_empty() || output.status.success();
        if !starts || said.contains("error while loading shared libraries") {
            continue;
        }
        done += usize::from(folder.is_done(&format!("{mib} MiB"), &output, &whole));
    }
    assert!(done > 0);
}

/// Where nobody takes what is printed.
#[test]
fn an_output_that_is_full() {
    let full = std::fs::File::options()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ctxgen"))
        .args(["list", "--btf"])
        .arg(super::kernel())
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = super::said(&output);
    assert!(
        said.starts_with("error: cannot write the output: "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

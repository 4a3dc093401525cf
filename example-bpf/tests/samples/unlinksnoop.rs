//! `unlinksnoop` on the running kernel, if that allows it.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::process;
use std::process::Command;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::skip;
use crate::strace::strace;

const UNLINKSNOOP: &str = env!("CARGO_BIN_EXE_unlinksnoop");

#[test]
fn an_unlink_is_seen_or_the_refusal_is_clear() {
    if !may_load("unlinksnoop") {
        return;
    }
    let pid = process::id();
    let watch = Watch::start(
        UNLINKSNOOP,
        &["--pid", &pid.to_string(), "--count=1", "--duration=600"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => {
            assert!(
                refusal.contains("the program `unlink_enter` (fentry/vfs_unlink): E"),
                "{refusal}"
            );
            return skip("unlinksnoop", refusal.trim());
        }
    };
    let name = format!("unlinksnoop \"{pid}\"");
    let path = env::temp_dir().join(&name);
    fs::write(&path, "").unwrap();
    fs::remove_file(&path).unwrap();

    let unlinks = watch.objects();
    assert_eq!(unlinks.len(), 1);
    assert_eq!(unlinks[0]["pid"], pid);
    assert_eq!(unlinks[0]["ret"], 0);
    assert_eq!(unlinks[0]["name"], name);
}

/// Each unlink of a command that came to the file system, in order.
#[test]
fn what_strace_says() {
    if !may_load("unlinksnoop") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = format!("rm-{}", process::id());
    let rm = folder.path().join(&name);
    symlink("/bin/rm", &rm).unwrap();
    let files = ["one", "two", "missing"].map(|file| folder.path().join(file));
    for file in &files[..2] {
        fs::write(file, "").unwrap();
    }
    let watch = match Watch::start(UNLINKSNOOP, &["--duration=600"]) {
        Ok(watch) => watch,
        Err(refusal) => return skip("unlinksnoop", refusal.trim()),
    };
    let mut command = Command::new(&rm);
    command.arg("-f").args(&files);
    let Some(calls) = strace("unlinksnoop", "trace=unlink,unlinkat", &mut command) else {
        return;
    };
    let expected: Vec<String> = calls
        .into_iter()
        .filter(|call| call.result == Ok(0))
        .filter_map(|call| Some(call.path.rsplit_once('/')?.1.to_owned()))
        .collect();
    assert_eq!(expected, ["one", "two"]);
    let unlinks = watch.interrupted();
    let of_command = unlinks.iter().filter(|unlink| unlink["comm"] == *name);
    let names: Vec<_> = of_command
        .map(|unlink| unlink["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, expected);
}

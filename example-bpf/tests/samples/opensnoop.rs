//! `opensnoop` on the running kernel, if that allows it.

use std::env;
use std::fs::File;
use std::os::unix::fs::symlink;
use std::process;
use std::process::Command;

use example_bpf::errno_name;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::skip;
use crate::strace::strace;

const OPENSNOOP: &str = env!("CARGO_BIN_EXE_opensnoop");

#[test]
fn an_open_is_seen_or_the_refusal_is_clear() {
    if !may_load("opensnoop") {
        return;
    }
    let pid = process::id();
    let watch = Watch::start(
        OPENSNOOP,
        &["--pid", &pid.to_string(), "--failed", "--duration=600"],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => return skip("opensnoop", refusal.trim()),
    };
    let path = env::temp_dir().join(format!("opensnoop \"{pid}\""));
    assert!(File::open(&path).is_err());

    let opens = watch.interrupted();
    // Other tests of this process may open files too.
    let own: Vec<_> = opens
        .iter()
        .filter(|open| open["path"] == path.to_string_lossy().as_ref())
        .collect();
    assert_eq!(own.len(), 1, "{opens:?}");
    assert_eq!(own[0]["pid"], pid);
    assert_eq!(own[0]["ret"], -libc::ENOENT);
    assert_eq!(own[0]["flags"], libc::O_CLOEXEC);
    // SAFETY: `getuid` has no preconditions.
    assert_eq!(own[0]["uid"], unsafe { libc::getuid() });
}

/// Each open of a command, by its name: its path and its result, in order.
#[test]
fn what_strace_says() {
    if !may_load("opensnoop") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = format!("opens-{}", process::id());
    let cat = folder.path().join(&name);
    symlink("/bin/cat", &cat).unwrap();
    let watch = match Watch::start(OPENSNOOP, &["--comm", &name, "--duration=600"]) {
        Ok(watch) => watch,
        Err(refusal) => return skip("opensnoop", refusal.trim()),
    };
    let mut command = Command::new(&cat);
    command.args(["/proc/version", "/proc/there/is/none"]);
    let calls = "trace=open,creat,openat,openat2";
    let Some(calls) = strace("opensnoop", calls, &mut command) else {
        return;
    };
    let calls: Vec<_> = calls
        .into_iter()
        .map(|call| (call.path, call.result))
        .collect();
    let opens: Vec<_> = watch
        .interrupted()
        .iter()
        .map(|open| {
            assert_eq!(open["comm"], *name, "{open}");
            let ret = open["ret"].as_i64().unwrap();
            let result = match i32::try_from(-ret) {
                Ok(errno @ 1..) => Err(errno_name(errno).into_owned()),
                _ => Ok(ret),
            };
            (open["path"].as_str().unwrap().to_owned(), result)
        })
        .collect();
    assert!(calls.contains(&("/proc/there/is/none".to_owned(), Err("ENOENT".to_owned()))));
    assert_eq!(opens, calls);
}

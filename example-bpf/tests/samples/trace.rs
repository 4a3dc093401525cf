//! `trace` on the running kernel.

use std::fs;
use std::os::unix::fs::symlink;
use std::process;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::sample::skip;
use crate::strace::strace;

const TRACE: &str = env!("CARGO_BIN_EXE_trace");

/// The calls of one hook.
fn of<'c>(calls: &'c [Value], hook: &str) -> Vec<&'c Value> {
    calls.iter().filter(|call| call["hook"] == hook).collect()
}

/// An argument of a call, as `{name, type, value}`.
fn argument<'c>(call: &'c Value, name: &str) -> &'c Value {
    let arguments = call["arguments"].as_array().unwrap();
    let named = arguments.iter().find(|argument| argument["name"] == name);
    named.unwrap_or_else(|| panic!("no argument {name} in {call}"))
}

fn refused(arguments: &[&str]) -> String {
    let output = Command::new(TRACE).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// A thread is given a name, which two kinds of programs are told of.
#[test]
fn texts_and_pointers() {
    if !may_load("trace") {
        return;
    }
    let pid = process::id();
    let hooks = ["tp_btf/task_rename", "raw_tp/task_rename"];
    let watch = Watch::start(
        TRACE,
        &[
            hooks[0],
            hooks[1],
            "--pid",
            &pid.to_string(),
            "--duration=600",
        ],
    )
    .unwrap();
    let name = "a \"named\" one";
    let named = thread::Builder::new().name(name.to_owned());
    // SAFETY: `gettid` has no preconditions.
    let tid = named
        .spawn(|| unsafe { libc::gettid() })
        .unwrap()
        .join()
        .unwrap();
    let calls = watch.interrupted();

    let arguments = hooks.map(|hook| {
        let calls = of(&calls, hook);
        let call = calls.iter().find(|call| call["tid"] == tid).unwrap();
        assert_eq!(call["pid"], pid, "{call}");
        assert!(call.get("ret").is_none(), "{call}");
        let task = argument(call, "task");
        assert_eq!(task["type"], "struct task_struct *", "{call}");
        let task = task["value"].as_str().unwrap();
        // Of the kernel's half of the addresses.
        assert!(task.starts_with("0xff") && task.len() == 18, "{call}");
        let expected = json!({"name": "comm", "type": "const char *", "value": name});
        assert_eq!(argument(call, "comm"), &expected);
        call["arguments"].clone()
    });
    assert_eq!(arguments[0], arguments[1]);
}

/// A thread that sleeps for a while: a timer is started, and another thread is switched to.
#[test]
fn enums_numbers_and_truth() {
    if !may_load("trace") {
        return;
    }
    let pid = process::id().to_string();
    let arguments = [
        "hrtimer_start",
        "sched_switch",
        "--pid",
        &pid,
        "--duration=600",
    ];
    let watch = Watch::start(TRACE, &arguments).unwrap();
    let sleeper = thread::spawn(|| {
        thread::sleep(Duration::from_millis(10));
        // SAFETY: `gettid` has no preconditions.
        unsafe { libc::gettid() }
    });
    let tid = sleeper.join().unwrap();
    let calls = watch.interrupted();

    let by_sleeper = |hook: &str| {
        let mut calls = of(&calls, hook).into_iter();
        calls.find(|call| call["tid"] == tid).unwrap()
    };
    let mode = argument(by_sleeper("tp_btf/hrtimer_start"), "mode");
    assert_eq!(mode["type"], "enum hrtimer_mode");
    let name = mode["value"].as_str().unwrap();
    assert!(name.starts_with("HRTIMER_MODE_"), "{mode}");
    let switch = by_sleeper("tp_btf/sched_switch");
    assert_eq!(argument(switch, "preempt")["value"], false, "{switch}");
    let state = argument(switch, "prev_state");
    assert_eq!(state["type"], "unsigned int");
    // TASK_INTERRUPTIBLE, among other bits.
    assert_eq!(state["value"].as_u64().unwrap() & 1, 1, "{switch}");
}

/// System calls of a command, by their numbers and results.
#[test]
fn what_strace_says() {
    if !may_load("trace") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let name = format!("calls-{}", process::id());
    let cat = folder.path().join(&name);
    symlink("/bin/cat", &cat).unwrap();
    let hooks = ["raw_tp/sys_enter", "raw_tp/sys_exit"];
    let arguments = [hooks[0], hooks[1], "--comm", &name, "--duration=600"];
    let watch = Watch::start(TRACE, &arguments).unwrap();
    let mut command = Command::new(&cat);
    command.args(["/proc/version", "/proc/there/is/none"]);
    let Some(expected) = strace("trace", "trace=openat", &mut command) else {
        return;
    };
    let calls = watch.interrupted();
    let mut results = Vec::new();
    for pair in calls.windows(2) {
        let [enter, exit] = pair else { continue };
        if enter["hook"] == hooks[0] && argument(enter, "id")["value"] == libc::SYS_openat {
            assert_eq!(exit["hook"], hooks[1], "{enter}, {exit}");
            results.push(argument(exit, "ret")["value"].as_i64().unwrap());
        }
    }
    let expected: Vec<i64> = expected
        .into_iter()
        .map(|call| match call.result {
            Ok(number) => number,
            Err(name) => {
                assert_eq!(name, "ENOENT", "{}", call.path);
                (-libc::ENOENT).into()
            }
        })
        .collect();
    assert!(expected.contains(&(-libc::ENOENT).into()), "{expected:?}");
    assert_eq!(results, expected);
}

#[test]
fn a_function_is_traced_or_the_refusal_is_clear() {
    if !may_load("trace") {
        return;
    }
    let pid = process::id().to_string();
    let watch = Watch::start(
        TRACE,
        &[
            "fexit/vfs_unlink",
            "--pid",
            &pid,
            "--count=1",
            "--duration=600",
        ],
    );
    let watch = match watch {
        Ok(watch) => watch,
        Err(refusal) => {
            let said = "cannot load the program `fexit` (fexit/vfs_unlink): E";
            assert!(refusal.contains(said), "{refusal}");
            return skip("trace", refusal.trim());
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    fs::remove_file(&file).unwrap();
    let calls = watch.objects();
    assert_eq!(
        calls[0]["ret"],
        json!({"name": "ret", "type": "int", "value": 0})
    );
    assert_eq!(argument(&calls[0], "dentry")["type"], "struct dentry *");
}

#[test]
fn what_cannot_be_traced_is_said() {
    if !may_load("trace") {
        return;
    }
    for (hook, expected) in [
        ("vfs_unlonk", "vfs_unlink"),
        ("tp_btf/sched_swich", "sched_switch"),
        (
            "lsm/file_open",
            "`lsm/file_open` cannot be traced; name a function or a tracepoint",
        ),
        ("fentri/vfs_unlink", "fentry"),
    ] {
        let said = refused(&[hook]);
        assert!(said.contains(expected), "{hook}: {said}");
    }
}

#[test]
fn lines_for_people() {
    if !may_load("trace") {
        return;
    }
    let output = Command::new(TRACE)
        .args(["sched_switch", "--count=2", "--duration=600"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let watching = "trace: watching tp_btf/sched_switch(bool preempt, struct task_struct *prev";
    assert!(stderr.starts_with(watching), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{stdout}");
    for line in &lines[1..] {
        let (_, call) = line.split_once("tp_btf/sched_switch(preempt=").unwrap();
        assert!(
            call.contains(", prev=0xff") && call.ends_with(')'),
            "{line}"
        );
    }
}

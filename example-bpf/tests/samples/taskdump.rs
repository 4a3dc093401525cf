//! `taskdump` on the running kernel.

use std::os::unix::process::parent_id;
use std::process;
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use crate::sample::may_load;
use crate::sample::objects;
use crate::sample::said;

const TASKDUMP: &str = env!("CARGO_BIN_EXE_taskdump");

#[test]
fn this_process_is_what_it_is() {
    if !may_load("taskdump") {
        return;
    }
    let pid = process::id();
    let tasks = objects(TASKDUMP, &["--pid", &pid.to_string()]);
    assert_eq!(tasks.len(), 1);
    let task = &tasks[0];
    assert_eq!(task["pid"], pid);
    assert_eq!(task["tid"], pid);
    assert_eq!(task["ppid"], parent_id());
    // SAFETY: `getuid` has no preconditions.
    assert_eq!(task["uid"], unsafe { libc::getuid() });
    assert_eq!(task["kernel_thread"], false);
    assert!(task["vsz_kib"].as_u64() > Some(0), "{task}");
    assert!(task["start_boottime_ns"].as_u64() > Some(0), "{task}");
}

#[test]
fn threads_are_found_by_name() {
    if !may_load("taskdump") {
        return;
    }
    let name = r#"a "b" \c"#;
    let (ready, is_ready) = mpsc::channel();
    let (end, is_end) = mpsc::channel::<()>();
    let thread = thread::Builder::new()
        .name(name.to_string())
        .spawn(move || {
            // SAFETY: `gettid` has no preconditions.
            ready.send(unsafe { libc::gettid() }).unwrap();
            // Ends with an error when the sender is dropped, which is the signal.
            let _ = is_end.recv();
        })
        .unwrap();
    let tid = is_ready.recv().unwrap();

    let pid = process::id().to_string();
    assert!(objects(TASKDUMP, &["--pid", &pid, "--comm", name]).is_empty());
    let tasks = objects(TASKDUMP, &["--threads", "--pid", &pid, "--comm", name]);
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0]["comm"], name);
    assert_eq!(tasks[0]["tid"], tid);
    assert_eq!(tasks[0]["state"], "S");

    drop(end);
    thread.join().unwrap();
}

/// Of the first kernel thread, of this process, and of the one that started it.
#[test]
fn what_ps_says() {
    if !may_load("taskdump") {
        return;
    }
    let tasks = objects(TASKDUMP, &[]);
    for pid in [2, process::id(), parent_id()] {
        let mut ps = Command::new("ps");
        ps.args([
            "-o",
            "pid=,ppid=,ruid=,ni=,vsz=,etimes=,comm=",
            "-p",
            &pid.to_string(),
        ]);
        let Some(said) = said("taskdump", &mut ps) else {
            return;
        };
        let Some(task) = tasks.iter().find(|task| task["pid"] == pid) else {
            // A container may have no process of that number.
            assert_eq!(said, "", "{pid}");
            continue;
        };
        let mut words = said.split_whitespace();
        for key in ["pid", "ppid", "uid", "nice"] {
            let word: i64 = words.next().unwrap().parse().unwrap();
            assert_eq!(task[key], word, "{key} of {task}, and ps said {said}");
        }
        let vsz: u64 = words.next().unwrap().parse().unwrap();
        // This process may have got more memory in the meantime.
        let came = task["vsz_kib"].as_u64().unwrap();
        assert!(
            came == vsz || pid == process::id() && came <= vsz,
            "{task}, {said}"
        );
        let seconds: u64 = words.next().unwrap().parse().unwrap();
        let elapsed = task["elapsed_ns"].as_u64().unwrap() / 1_000_000_000;
        assert!(
            (elapsed.saturating_sub(1)..=elapsed + 30).contains(&seconds),
            "{task}, {said}"
        );
        assert_eq!(task["comm"], words.next().unwrap(), "{said}");
    }
}

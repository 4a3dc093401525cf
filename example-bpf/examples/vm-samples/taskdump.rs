//! `taskdump`: tasks are what they are known to be, or what `/proc` says.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::process;
use std::process::Child;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task;
use crate::task::Companion;

const NAME: &str = r#"a "b" \c"#;
const UID: libc::uid_t = 1234;
const NICE: libc::c_int = 7;

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let pid = process::id();
    let before = boot_time();
    let thread = Companion::asleep(NAME, become_nice_user)?;
    let after = boot_time();
    let zombie = Zombie::new(samples)?;
    let first = listed();
    let size = memory(1);
    let tasks = samples.run("taskdump", &["--threads"])?;
    let last = listed();

    let by_tid = tasks
        .iter()
        .filter_map(|task| Some((task["tid"].as_u64()?, task)))
        .collect::<HashMap<_, _>>();
    checks.equal("each task is there once", tasks.len(), by_tid.len());
    let of = |tid: u32| *by_tid.get(&u64::from(tid)).unwrap_or(&&Value::Null);

    checks.members(
        "this process is",
        &json!({
            "pid": pid, "ppid": std::os::unix::process::parent_id(), "uid": 0, "state": "S",
            "nice": 0, "kernel_thread": false, "comm": task::status(pid, "Name"),
        }),
        of(pid),
    );
    let of_thread = of(thread.tid.cast_unsigned());
    checks.members(
        "its thread is",
        &json!({
            "pid": pid, "uid": UID, "state": "S", "nice": NICE, "kernel_thread": false,
            "comm": NAME,
        }),
        of_thread,
    );
    let start = of_thread["start_boottime_ns"].as_u64();
    checks.that(
        "its thread began when it was started",
        start.is_some_and(|start| (before..=after).contains(&start)),
        format!("expected {before} to {after}, and {start:?} came"),
    );
    checks.members(
        "a child that has ended is",
        &json!({"ppid": pid, "uid": 0, "state": "Z", "vsz_kib": 0, "comm": "taskdump"}),
        of(zombie.0.id()),
    );
    checks.members(
        "the kernel's first thread is",
        &json!({"pid": 2, "ppid": 0, "kernel_thread": true, "vsz_kib": 0, "comm": "kthreadd"}),
        of(2),
    );
    if size == memory(1) {
        checks.members("the first process has", &json!({"vsz_kib": size}), of(1));
    }
    let mut differing = Vec::new();
    let stayed = first.iter().filter(|(pid, _)| last.contains_key(pid));
    for (pid, parent) in stayed.clone() {
        if of(*pid)["ppid"] != json!(parent) {
            differing.push(format!("{pid} of {parent} is {}", of(*pid)));
        }
    }
    checks.that(
        "every process of /proc is there, with its parent",
        differing.is_empty() && stayed.count() > 2,
        differing.join("; "),
    );

    let name = samples.run("taskdump", &["--threads", "--comm", NAME])?;
    checks.equal("one task has the thread's name", 1, name.len());
    Ok(())
}

fn become_nice_user() -> io::Result<()> {
    // SAFETY: The call takes numbers and no memory; on Linux, 0 is the calling thread.
    if unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) } != 0 {
        return Err(io::Error::last_os_error());
    }
    task::become_user(UID)
}

/// Processes and their parents, as `/proc` has them.
fn listed() -> HashMap<u32, u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            Some((pid, task::status(pid, "PPid")?.parse().ok()?))
        })
        .collect()
}

/// The size of a process's memory in KiB, as `/proc` has it.
fn memory(pid: u32) -> Option<u64> {
    let size = task::status(pid, "VmSize")?;
    size.strip_suffix(" kB")?.parse().ok()
}

fn boot_time() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is ours to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_BOOTTIME, &raw mut now) };
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}

/// A child that has ended and was not waited for.
struct Zombie(Child);

impl Zombie {
    fn new(samples: &Samples) -> Result<Self, String> {
        let child = samples
            .command("taskdump")
            .arg("--help")
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("cannot start taskdump: {error}"))?;
        let zombie = Self(child);
        for _ in 0..200 {
            if task::status(zombie.0.id(), "State").is_some_and(|state| state.starts_with('Z')) {
                return Ok(zombie);
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("taskdump --help does not end".to_owned())
    }
}

impl Drop for Zombie {
    fn drop(&mut self) {
        // It may have ended by itself, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

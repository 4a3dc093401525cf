//! `runqslower`: threads on one CPU wait for each other.

use std::collections::BTreeSet;
use std::hint;
use std::io;
use std::process;
use std::thread;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use crate::checks::Checks;
use crate::sample::Samples;
use crate::task::Companion;
use crate::workload::stay_on_one_cpu;

/// How long one thread keeps all others from running, now and then.
const HOGGED: Duration = Duration::from_millis(50);
/// What is reported then.
const LONG: Duration = Duration::from_millis(40);

/// What the kernel calls a task's states. Since 6.1 a flag among the higher bits says more of it.
const TASK_RUNNING: u64 = 0;
const TASK_INTERRUPTIBLE: u64 = 1;
const STATES: u64 = 0xff;

pub(crate) fn check(samples: &Samples, checks: &mut Checks) -> Result<(), String> {
    let spinner = Companion::start("spinner", on_one_cpu, || spin(Duration::from_millis(1)))?;
    // In real time, so that nothing else runs between the threads that wait for each other.
    let sleeper = Companion::start(
        "sleeper",
        || in_real_time(1),
        || {
            thread::sleep(Duration::from_millis(3));
        },
    )?;
    let waits = watch(samples, Duration::ZERO)?;
    consistent(checks, &waits, &[&spinner, &sleeper], Duration::ZERO);
    has(checks, &waits, &sleeper, Some(&spinner));
    // Who is interrupted goes on running, and who waits for time to go by does not.
    has_left(checks, &waits, &spinner, TASK_RUNNING);
    has_left(checks, &waits, &sleeper, TASK_INTERRUPTIBLE);

    let hog = Companion::start(
        "hog",
        || in_real_time(2),
        || {
            spin(HOGGED);
            thread::sleep(2 * HOGGED);
        },
    )?;
    let waits = watch(samples, LONG)?;
    consistent(checks, &waits, &[&spinner, &sleeper, &hog], LONG);
    has(checks, &waits, &sleeper, Some(&hog));
    has(checks, &waits, &spinner, None);
    Ok(())
}

fn spin(duration: Duration) {
    let start = Instant::now();
    while start.elapsed() < duration {
        hint::spin_loop();
    }
}

fn on_one_cpu() -> io::Result<()> {
    stay_on_one_cpu();
    Ok(())
}

/// Before any thread of less priority, on the CPU of the others.
fn in_real_time(priority: libc::c_int) -> io::Result<()> {
    stay_on_one_cpu();
    let priority = libc::sched_param {
        sched_priority: priority,
    };
    // SAFETY: The structure is ours; 0 is the calling thread.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const priority) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

struct Waits {
    objects: Vec<Value>,
    /// From before the sample began until after it ended.
    took: Duration,
}

fn watch(samples: &Samples, threshold: Duration) -> Result<Waits, String> {
    let start = Instant::now();
    let pid = process::id().to_string();
    let threshold_us = threshold.as_micros().to_string();
    let arguments = [
        "--threshold-us",
        &threshold_us,
        "--duration=2",
        "--pid",
        &pid,
    ];
    let objects = samples.watch("runqslower", &arguments)?.objects()?;
    let took = start.elapsed();
    Ok(Waits { objects, took })
}

/// Whatever is reported has to fit what is known of these threads.
fn consistent(checks: &mut Checks, waits: &Waits, threads: &[&Companion], threshold: Duration) {
    let known = |tid: &Value| threads.iter().find(|thread| *tid == thread.tid);
    let mut every = |what: &str, is_so: &dyn Fn(&Value) -> bool| {
        let not = waits.objects.iter().find(|wait| !is_so(wait));
        let came = not.map_or_else(|| "there is none".to_owned(), |wait| format!("{wait} came"));
        let is_so = not.is_none() && !waits.objects.is_empty();
        checks.that(&format!("{what}, threshold {threshold:?}"), is_so, came);
    };
    every(
        "each wait is of a thread of this process, under its own name",
        &|wait| {
            wait["pid"] == process::id()
                && known(&wait["tid"]).is_none_or(|it| wait["comm"] == it.name)
        },
    );
    every(
        "each wait was for a thread under its own name",
        &|wait| match known(&wait["prev_tid"]) {
            Some(thread) => wait["prev_comm"] == thread.name,
            // Every CPU's idle task has this id.
            None if wait["prev_tid"] == 0 => wait["prev_comm"]
                .as_str()
                .is_some_and(|comm| comm.starts_with("swapper")),
            None => threads.iter().all(|it| wait["prev_comm"] != it.name),
        },
    );
    every(
        "each wait is as long as was asked for, and no longer than all took",
        &|wait| {
            let ns = wait["wait_ns"].as_u64().map(Duration::from_nanos);
            ns.is_some_and(|ns| (threshold..=waits.took).contains(&ns))
        },
    );
}

/// One has to have waited, and while this other ran if that is known.
fn has(checks: &mut Checks, waits: &Waits, waiting: &Companion, running: Option<&Companion>) {
    let is_it = |wait: &Value| {
        wait["tid"] == waiting.tid && running.is_none_or(|it| wait["prev_tid"] == it.tid)
    };
    let other = running.map_or("another thread", |it| &it.name);
    checks.that(
        &format!("{} waited while {other} ran", waiting.name),
        waits.objects.iter().any(is_it),
        format!("it is not among {} waits", waits.objects.len()),
    );
}

/// One has to have given the CPU to another in this state: an argument of the tracepoint that not every
/// kernel has.
fn has_left(checks: &mut Checks, waits: &Waits, thread: &Companion, state: u64) {
    let of_it = |wait: &&Value| wait["prev_tid"] == thread.tid;
    let states: BTreeSet<u64> = waits
        .objects
        .iter()
        .filter(of_it)
        .filter_map(|wait| wait["prev_state"].as_u64())
        .collect();
    checks.that(
        &format!("{} gave way in state {state}", thread.name),
        states.iter().any(|found| found & STATES == state),
        format!("the states are {states:?}"),
    );
}

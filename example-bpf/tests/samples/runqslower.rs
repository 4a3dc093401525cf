//! `runqslower` on the running kernel.

use std::fs;
use std::hint;
use std::process;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;
use std::time::Instant;

use example_bpf::now_ns;
use serde_json::Value;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::workload::stay_on_one_cpu;

const RUNQSLOWER: &str = env!("CARGO_BIN_EXE_runqslower");

/// Held by a test whose threads are to have their CPU for themselves.
static CPU: Mutex<()> = Mutex::new(());

/// How often a thread looks at what the kernel says of it.
const LOOK: Duration = Duration::from_millis(50);

/// What the kernel said of a thread at some time, in nanoseconds since 1970: how long it had waited for a CPU, in
/// nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Look {
    time_ns: u64,
    waited_ns: u64,
}

/// Keeps a CPU busy, which others want too.
fn spinner(name: &str, end: &Arc<AtomicBool>) -> JoinHandle<(i32, Vec<Look>)> {
    let end = Arc::clone(end);
    let spin = move || {
        stay_on_one_cpu();
        let mut looks = Vec::new();
        let mut last = Instant::now();
        while !end.load(Ordering::Relaxed) {
            if last.elapsed() > LOOK {
                last = Instant::now();
                looks.push(look());
            }
            hint::spin_loop();
        }
        // SAFETY: `gettid` has no preconditions.
        (unsafe { libc::gettid() }, looks)
    };
    let thread = thread::Builder::new().name(name.to_owned());
    thread.spawn(spin).unwrap()
}

/// The calling thread's (`Documentation/scheduler/sched-stats.rst`).
fn look() -> Look {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Look {
        time_ns: now_ns(libc::CLOCK_REALTIME),
        waited_ns: stat.split_whitespace().nth(1).unwrap().parse().unwrap(),
    }
}

#[test]
fn two_tasks_on_one_cpu_wait_for_each_other() {
    if !may_load("runqslower") {
        return;
    }
    let _cpu = CPU.lock().unwrap_or_else(PoisonError::into_inner);
    // A machine that stands still for a while (a virtual one whose CPU is taken away) gives the two clocks other
    // times: what differs is looked at again.
    let mut different = Vec::new();
    while let Err(what) = waits_of_two() {
        different.push(what);
        assert!(different.len() < 3, "{different:#?}");
    }
}

/// Lets two threads wait for each other.
///
/// # Errors
/// What differs from what the kernel says.
fn waits_of_two() -> Result<(), String> {
    let end = Arc::new(AtomicBool::new(false));
    let names = ["spin-a", "spin-b"];
    let spinners = names.map(|name| spinner(name, &end));
    let pid = process::id();
    let arguments = [
        "--threshold-us=0",
        "--duration=600",
        "--pid",
        &pid.to_string(),
    ];
    let began = Instant::now();
    let watch = Watch::start(RUNQSLOWER, &arguments).unwrap();
    thread::sleep(Duration::from_secs(3));
    let waits = watch.interrupted();
    let longest = began.elapsed();
    end.store(true, Ordering::Relaxed);
    let spinners = spinners.map(|spinner| spinner.join().unwrap());

    for wait in &waits {
        assert_eq!(wait["pid"], pid, "{wait}");
        let wait_ns = wait["wait_ns"].as_u64().unwrap();
        assert!(Duration::from_nanos(wait_ns) < longest, "{wait}");
    }
    for (waiting, running) in [(names[0], names[1]), (names[1], names[0])] {
        let is_of_both = |wait: &Value| wait["comm"] == waiting && wait["prev_comm"] == running;
        if !waits.iter().any(is_of_both) {
            let count = waits.len();
            return Err(format!(
                "{waiting} never waited for {running} in {count} waits"
            ));
        }
    }
    for (tid, looks) in spinners {
        let waits: Vec<&Value> = waits.iter().filter(|wait| wait["tid"] == tid).collect();
        what_schedstat_says(&waits, &looks)?;
    }
    Ok(())
}

/// Between two looks of a thread, its waits take as long as the kernel says.
fn what_schedstat_says(waits: &[&Value], looks: &[Look]) -> Result<(), String> {
    let time = |wait: &Value| wait["time_ns"].as_u64().unwrap();
    let (first, last) = (time(waits[0]), time(waits[waits.len() - 1]));
    let mut during = looks
        .iter()
        .filter(|look| (first..last).contains(&look.time_ns));
    let (Some(begin), Some(end)) = (during.next(), during.next_back()) else {
        return Err(format!("{} looks are too few", looks.len()));
    };
    let within = waits
        .iter()
        .filter(|wait| (begin.time_ns..end.time_ns).contains(&time(wait)));
    let seen: u64 = within.map(|wait| wait["wait_ns"].as_u64().unwrap()).sum();
    let waited = end.waited_ns - begin.waited_ns;
    // The two take the time at other points of one wakeup, from other clocks.
    let slack = waited / 20 + 5_000_000;
    match seen.abs_diff(waited) <= slack {
        true => Ok(()),
        false => Err(format!(
            "{waited} ns of {} were waited, and {seen} ns were reported",
            end.time_ns - begin.time_ns
        )),
    }
}

#[test]
fn a_threshold_is_kept() {
    if !may_load("runqslower") {
        return;
    }
    let _cpu = CPU.lock().unwrap_or_else(PoisonError::into_inner);
    let end = Arc::new(AtomicBool::new(false));
    let spinners = ["long-a", "long-b"].map(|name| spinner(name, &end));
    let pid = process::id().to_string();
    let arguments = ["--threshold-us=300", "--duration=600", "--pid", &pid];
    let watch = Watch::start(RUNQSLOWER, &arguments).unwrap();
    thread::sleep(Duration::from_secs(1));
    let waits = watch.interrupted();
    end.store(true, Ordering::Relaxed);
    for spinner in spinners {
        spinner.join().unwrap();
    }
    assert!(!waits.is_empty());
    for wait in &waits {
        assert!(wait["wait_ns"].as_u64() >= Some(300_000), "{wait}");
    }
}

#[test]
fn limits_are_kept() {
    if !may_load("runqslower") {
        return;
    }
    let watch = Watch::start(
        RUNQSLOWER,
        &["--threshold-us=0", "--count=3", "--duration=600"],
    );
    assert_eq!(watch.unwrap().objects().len(), 3);
    let hours = (4 * 60 * 60 * 1_000_000_u64).to_string();
    let watch = Watch::start(RUNQSLOWER, &["--threshold-us", &hours, "--duration=0.3"]);
    assert!(watch.unwrap().objects().is_empty());
}

#[test]
fn ctrl_c_ends_it_in_good_order() {
    if !may_load("runqslower") {
        return;
    }
    let watch = Watch::start(RUNQSLOWER, &["--threshold-us=1000000000", "--duration=600"]);
    assert!(watch.unwrap().interrupt().success());
}

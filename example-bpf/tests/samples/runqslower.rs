//! `runqslower` on the running kernel.

use std::hint;
use std::process;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;

use crate::sample::Watch;
use crate::sample::may_load;
use crate::workload::stay_on_one_cpu;

const RUNQSLOWER: &str = env!("CARGO_BIN_EXE_runqslower");

#[test]
fn two_tasks_on_one_cpu_wait_for_each_other() {
    if !may_load("runqslower") {
        return;
    }
    let end = Arc::new(AtomicBool::new(false));
    let spinners = ["spin-a", "spin-b"].map(|name| {
        let end = Arc::clone(&end);
        thread::Builder::new()
            .name(name.to_string())
            .spawn(move || {
                stay_on_one_cpu();
                while !end.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            })
            .unwrap()
    });
    let pid = process::id();
    let watch = Watch::start(
        RUNQSLOWER,
        &[
            "--threshold-us=300",
            "--duration=2",
            "--pid",
            &pid.to_string(),
        ],
    );
    let waits = watch.unwrap().objects();
    end.store(true, Ordering::Relaxed);
    for spinner in spinners {
        spinner.join().unwrap();
    }

    for wait in &waits {
        assert_eq!(wait["pid"], pid, "{wait}");
        assert!(wait["wait_ns"].as_u64() >= Some(300_000), "{wait}");
        assert!(wait["wait_ns"].as_u64() < Some(60_000_000_000), "{wait}");
    }
    for (waiting, running) in [("spin-a", "spin-b"), ("spin-b", "spin-a")] {
        assert!(
            waits
                .iter()
                .any(|wait| wait["comm"] == waiting && wait["prev_comm"] == running),
            "{waiting} never waited for {running} in {} waits",
            waits.len()
        );
    }
}

#[test]
fn limits_are_kept() {
    if !may_load("runqslower") {
        return;
    }
    let watch = Watch::start(
        RUNQSLOWER,
        &["--threshold-us=0", "--count=3", "--duration=60"],
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
    let watch = Watch::start(RUNQSLOWER, &["--threshold-us=1000000000", "--duration=60"]);
    assert!(watch.unwrap().interrupt().success());
}

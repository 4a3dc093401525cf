//! Runs each sample, does what it is to notice, and holds what it reports against what was done.
//!
//! Made for a virtual machine whose kernel takes every sample and which nobody else uses: there is a
//! line for each check, and nothing is skipped. Needs root, and the samples in its own folder. The
//! arguments name the samples to run; without any, all are.

use std::env;
use std::process::ExitCode;

use crate::checks::Checks;
use crate::sample::Samples;

mod checks;
mod loopback;
mod mprotect_guard;
mod opensnoop;
mod rawtp;
mod runqslower;
mod rust;
mod sample;
mod task;
mod taskdump;
mod tcpconnlat;
mod tinycc;
mod trace;
#[path = "../../tests/samples/transfer.rs"]
mod transfer;
mod unlinksnoop;
#[path = "../../tests/samples/workload.rs"]
mod workload;

type Check = fn(&Samples, &mut Checks) -> Result<(), String>;

/// Those whose programs are also written in Rust, and what says the same of an event as they do.
const IN_RUST: [(&str, Check, &[&str]); 2] = [
    ("runqslower", runqslower::check, &["time_ns", "wait_ns"]),
    (
        "unlinksnoop",
        unlinksnoop::check,
        &["time_ns", "duration_ns"],
    ),
];

/// Each sample, and what checks it.
const SAMPLES: [(&str, Check); 9] = [
    ("rawtp", rawtp::check),
    ("taskdump", taskdump::check),
    ("tcpconnlat", tcpconnlat::check),
    ("runqslower", runqslower::check),
    ("unlinksnoop", unlinksnoop::check),
    ("opensnoop", opensnoop::check),
    ("mprotect-guard", mprotect_guard::check),
    ("tinycc", tinycc::check),
    ("trace", trace::check),
];

fn main() -> ExitCode {
    let executable = env::current_exe();
    let Some(folder) = executable.as_ref().ok().and_then(|path| path.parent()) else {
        eprintln!("vm-samples: the folder that the samples are in is not known: {executable:?}");
        return ExitCode::FAILURE;
    };
    let samples = Samples::new(folder.to_owned());
    let mut wanted = env::args().skip(1).collect::<Vec<_>>();
    if wanted.is_empty() {
        wanted = SAMPLES.map(|(name, _)| name.to_owned()).into();
    }
    let mut failed = 0;
    for wanted in wanted {
        let Some(of_it) = run(&samples, &wanted) else {
            eprintln!("vm-samples: there is no sample `{wanted}`");
            return ExitCode::FAILURE;
        };
        failed += of_it;
    }
    match failed {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// How many checks of a sample failed, if there is such a one. `runqslower-rust` is `runqslower` with programs
/// in Rust, loaded with libbpf, and `runqslower-aya` the same, loaded with aya.
fn run(samples: &Samples, wanted: &str) -> Option<usize> {
    let ended = |name: &str, check: &dyn Fn(&mut Checks) -> Result<(), String>| {
        let mut checks = Checks::new(name);
        if let Err(why) = check(&mut checks) {
            checks.fail("it runs to its end", &why);
        }
        checks.failed()
    };
    if let Some((name, check)) = SAMPLES.into_iter().find(|(name, _)| *name == wanted) {
        return Some(ended(name, &|checks| check(samples, checks)));
    }
    let (name, with) = wanted.rsplit_once('-')?;
    let loader = rust::loader(with)?;
    let (name, check, clocks) = IN_RUST.into_iter().find(|(other, ..)| *other == name)?;
    Some(ended(wanted, &|checks| {
        rust::check(samples, checks, name, loader, check, clocks)
    }))
}

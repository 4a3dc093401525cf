//! What relocatable contexts cost when an object is loaded: `runqslower`, built in either way, opened
//! and loaded into the running kernel.
//!
//! Each run is a process of its own, as the programs that load objects are, and the ways take turns.
//! It needs root and the kernel's BTF.
//!
//! Memory is counted in three ways. The peak of the process has all of its code that was run, which
//! other processes share and the kernel may drop; what a second load takes has no code; and the control
//! group is charged with all that is the process's alone, page tables and what the kernel itself has for
//! it included. That one is what limits are set for.

mod group;

use std::env;
use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;
use std::time::Duration;

use ctxgen_build::Builder;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

use self::group::Groups;

/// How often each way is taken.
const RUNS: usize = 41;

/// A way to load an object.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    relocatable: bool,
    /// The first argument of a run.
    arg: &'static str,
}

const WAYS: [Way; 3] = [
    Way {
        name: "fixed layout, libbpf alone",
        relocatable: false,
        arg: "alone",
    },
    Way {
        name: "fixed layout, ctxgen::Loader",
        relocatable: false,
        arg: "loader",
    },
    Way {
        name: "relocatable, ctxgen::Loader",
        relocatable: true,
        arg: "loader",
    },
];

/// What a run says.
struct Measured {
    time: Duration,
    /// The most memory that the process had, in KiB.
    peak: u64,
    /// The most that a second load took above what there was, in KiB.
    above: u64,
    /// The most that the control group was charged with, in KiB; 0 without one.
    charged: u64,
}

fn main() -> ExitCode {
    let what = "the cost of relocatable contexts";
    if !is_root() {
        skip(what, "loading programs takes root");
        return ExitCode::SUCCESS;
    }
    if running(what).is_none() {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().unwrap();
    let groups = Groups::find();
    if groups.is_none() {
        skip("what is charged", "no control group here counts memory");
    }
    let objects = [false, true].map(|relocatable| built(folder.path(), relocatable));
    let mut measured: [Vec<Measured>; WAYS.len()] = Default::default();
    // The first of each warms the caches up.
    for round in 0..=RUNS {
        for turn in 0..WAYS.len() {
            let number = (round + turn) % WAYS.len();
            let way = &WAYS[number];
            let object = &objects[usize::from(way.relocatable)];
            let one = measure(*way, object, groups.as_ref());
            if round > 0 {
                measured[number].push(one);
            }
        }
    }
    print!("{}", table(&measured));
    ExitCode::SUCCESS
}

/// The sample's object.
fn built(folder: &Path, relocatable: bool) -> PathBuf {
    let source = workspace().join("example-bpf/src/bpf/runqslower.bpf.c");
    let artifacts = Builder::new()
        .source(source)
        .relocatable(relocatable)
        .out_dir(folder.join(if relocatable { "relocatable" } else { "fixed" }))
        .target(format!("{}-unknown-linux-gnu", env::consts::ARCH))
        .generate()
        .unwrap();
    artifacts.objects[0].object.clone()
}

fn measure(way: Way, object: &Path, groups: Option<&Groups>) -> Measured {
    let mut command = Command::new(env!("CARGO_BIN_EXE_load"));
    command.arg(way.arg).arg(object);
    let group = groups.map(|groups| groups.new_group().unwrap());
    if let Some(group) = &group {
        command.arg(group.folder()).arg(group.peak());
    }
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
    let [nanoseconds, peak, above, charged] = numbers[..] else {
        panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
    };
    Measured {
        time: Duration::from_nanos(nanoseconds),
        peak,
        above,
        charged,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A column of the table: its heading, and the number of a run.
type Column = (&'static str, fn(&Measured) -> f64);

const COLUMNS: [Column; 4] = [
    ("ms", |run| run.time.as_secs_f64() * 1e3),
    ("peak MiB", |run| run.peak as f64 / 1024.0),
    ("second load", |run| run.above as f64 / 1024.0),
    ("charged", |run| run.charged as f64 / 1024.0),
];

fn table(measured: &[Vec<Measured>]) -> String {
    let mut text = format!("{:<30}", format!("medians of {RUNS} runs"));
    for (heading, _) in COLUMNS {
        let _ = write!(text, "{heading:>12}{:>7}", "ratio");
    }
    text.push('\n');
    for (way, runs) in WAYS.iter().zip(measured) {
        let _ = write!(text, "{:<30}", way.name);
        for (_, number) in COLUMNS {
            let of = |runs: &[Measured]| median(runs.iter().map(number).collect());
            let (value, base) = (of(runs), of(&measured[0]));
            let _ = write!(text, "{value:>12.2}{:>7.3}", value / base);
        }
        text.push('\n');
    }
    text
}

//! What relocatable contexts cost when an object is loaded: `runqslower`, built in either way, opened
//! and loaded into the running kernel.
//!
//! Each run is a process of its own, as the programs that load objects are, and the ways take turns.
//! It needs root and the kernel's BTF.

use std::env;
use std::fmt::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::ExitCode;
use std::time::Duration;
use std::time::Instant;

use ctxgen::Loader;
use ctxgen_build::Builder;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;
use libbpf_rs::ObjectBuilder;

/// How often each way is taken.
const RUNS: usize = 41;

/// The first argument of a run.
const RUN: &str = "--one-run";

/// A way to load an object.
#[derive(Clone, Copy)]
struct Way {
    name: &'static str,
    relocatable: bool,
    load: fn(&[u8]),
}

const WAYS: [Way; 3] = [
    Way {
        name: "fixed layout, libbpf alone",
        relocatable: false,
        load: alone,
    },
    Way {
        name: "fixed layout, ctxgen::Loader",
        relocatable: false,
        load: with_loader,
    },
    Way {
        name: "relocatable, ctxgen::Loader",
        relocatable: true,
        load: with_loader,
    },
];

fn alone(bytes: &[u8]) {
    let opened = ObjectBuilder::default().open_memory(bytes).unwrap();
    mem("open");
    opened.load().unwrap();
}

fn mem(what: &str) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for l in status.lines() {
        if l.starts_with("VmHWM") || l.starts_with("VmRSS") || l.starts_with("Rss") {
            eprint!("{l} ");
        }
    }
    eprintln!("{what}");
}
fn with_loader(bytes: &[u8]) {
    mem("start");
    let loader = Loader::new(bytes).unwrap();
    mem("new");
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    mem("open");
    loader.load_object(opened).unwrap();
}

/// How long a run takes, and the most memory that it has at a time, in KiB.
struct Measured {
    time: Duration,
    peak: u64,
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().collect();
    if let [_, run, way, object] = &args[..]
        && run == RUN
    {
        one_run(WAYS[way.parse::<usize>().unwrap()], Path::new(object));
        return ExitCode::SUCCESS;
    }
    let what = "the cost of relocatable contexts";
    if !is_root() {
        skip(what, "loading programs takes root");
        return ExitCode::SUCCESS;
    }
    if running(what).is_none() {
        return ExitCode::SUCCESS;
    }
    let folder = tempfile::tempdir().unwrap().keep();
    struct P(PathBuf);
    impl P {
        fn path(&self) -> &Path {
            &self.0
        }
    }
    let folder = P(folder);
    eprintln!("{:?}", folder.0);
    let objects = [false, true].map(|relocatable| built(folder.path(), relocatable));
    let mut measured: [Vec<Measured>; WAYS.len()] = Default::default();
    // The first of each warms the caches up.
    for round in 0..=RUNS {
        for (number, way) in WAYS.iter().enumerate() {
            let one = measure(number, &objects[usize::from(way.relocatable)]);
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

fn measure(way: usize, object: &Path) -> Measured {
    let output = Command::new(env::current_exe().unwrap())
        .args([RUN, &way.to_string()])
        .arg(object)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let numbers: Vec<u64> = text.split_whitespace().flat_map(str::parse).collect();
    let [nanoseconds, peak] = numbers[..] else {
        panic!("{text}{}", String::from_utf8_lossy(&output.stderr));
    };
    Measured {
        time: Duration::from_nanos(nanoseconds),
        peak,
    }
}

fn one_run(way: Way, object: &Path) {
    let bytes = std::fs::read(object).unwrap();
    let start = Instant::now();
    (way.load)(&bytes);
    let time = start.elapsed().as_nanos();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak
        .and_then(|peak| peak.split_whitespace().next())
        .unwrap();
    mem("end");
    if std::env::var_os("SMAPS").is_some() {
        let t = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let mut head = String::new();
        for l in t.lines() {
            if l.contains('-') && l.split_whitespace().count() >= 5 {
                head = l.to_owned();
            }
            if l.starts_with("Rss:") {
                eprintln!("{} {}", l.split_whitespace().nth(1).unwrap(), head);
            }
        }
    }
    println!("{time} {peak}");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn table(measured: &[Vec<Measured>]) -> String {
    let of = |runs: &[Measured]| {
        let times = runs.iter().map(|run| run.time.as_secs_f64() * 1e3);
        let peaks = runs.iter().map(|run| run.peak as f64 / 1024.0);
        (median(times.collect()), median(peaks.collect()))
    };
    let (base_time, base_peak) = of(&measured[0]);
    let mut text = format!(
        "medians of {RUNS} runs\n{:<30} {:>9} {:>7} {:>9} {:>7}\n",
        "", "ms", "ratio", "peak MiB", "ratio"
    );
    for (way, runs) in WAYS.iter().zip(measured) {
        let (time, peak) = of(runs);
        let _ = writeln!(
            text,
            "{:<30} {time:>9.2} {:>7.3} {peak:>9.2} {:>7.3}",
            way.name,
            time / base_time,
            peak / base_peak
        );
    }
    text
}

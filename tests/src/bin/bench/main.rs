//! What builds cost, beside what they cost without ctxgen: side by side, in one run.
//!
//! ```text
//! bench [--runs N] [--btf FILE]... [--objects FOLDER] [--matrix-only] COMMAND
//! ```
//!
//! `COMMAND` is the `ctxgen` command. The first BTF, or else the running kernel's, is what everything
//! is built for; the listing is measured on each, and `ctxgen matrix` of the objects in `FOLDER` on all. Each measurement is a process of its own, since a
//! build script is, and this program is compiled as build scripts are, without optimization. Nothing
//! here passes or fails but by what is printed: a figure is one of this machine, at this hour.

mod matrix;
mod measure;
mod work;

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::path::Path;
use std::path::PathBuf;

use self::measure::Cost;
use self::measure::side_by_side;

/// How often each is measured, unless it is said.
const RUNS: usize = 7;

const USAGE: &str = "bench [--runs N] [--btf FILE]... [--objects FOLDER] [--matrix-only] COMMAND";

/// Two ways to the same thing.
struct Comparison {
    what: &'static str,
    ours: &'static str,
    theirs: &'static str,
    /// What ours may take of the time of theirs.
    bound: f64,
}

const COMPARISONS: [Comparison; 4] = [
    Comparison {
        what: "headers for a program's hooks / bpftool btf dump ... format c",
        ours: "headers",
        theirs: "bpftool",
        bound: 0.25,
    },
    Comparison {
        what: "clang on the samples: our vmlinux.h / the full one",
        ours: "clang-trimmed",
        theirs: "clang-full",
        bound: 0.3,
    },
    Comparison {
        what: "Rust bindings / bindgen for task_struct from a full vmlinux.h",
        ours: "bindings",
        theirs: "bindgen",
        bound: 0.15,
    },
    Comparison {
        what: "build script of one sample, cold / bpftool + SkeletonBuilder + bindgen",
        ours: "script",
        theirs: "reference-script",
        bound: 0.4,
    },
];

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<OsString> = env::args_os().skip(1).collect();
    if args.first().is_some_and(|arg| arg == work::CHILD) {
        return work::run(&args[1..]);
    }
    if args.first().is_some_and(|arg| arg == measure::STARTER) {
        return measure::start(&args[1..]);
    }
    let mut runs = RUNS;
    let mut btfs: Vec<PathBuf> = Vec::new();
    let mut command = None;
    let mut objects: Option<PathBuf> = None;
    let mut is_matrix_only = false;
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--runs") => {
                let value = args.next().and_then(|value| value.into_string().ok());
                runs = value.ok_or("--runs takes a number")?.parse()?;
            }
            Some("--objects") => {
                objects = Some(PathBuf::from(
                    args.next().ok_or("--objects takes a folder")?,
                ));
            }
            Some("--matrix-only") => is_matrix_only = true,
            Some("--btf") => btfs.push(args.next().ok_or("--btf takes a file")?.into()),
            _ => command = Some(PathBuf::from(arg)),
        }
    }
    let command = command.ok_or(USAGE)?;
    if btfs.is_empty() {
        btfs.push(ctxgen::RUNNING_BTF.into());
    }
    let folder = tempfile::tempdir()?;
    let btfs = raw(&btfs, folder.path())?;
    if !is_matrix_only {
        builds(&btfs[0], folder.path(), runs)?;
        list(&command, &btfs, runs)?;
    }
    match objects {
        Some(objects) => matrix::matrix(&command, &objects, &btfs, runs),
        None => Ok(()),
    }
}

/// What builds for a kernel take, in a folder of their own.
fn builds(btf: &Path, folder: &Path, runs: usize) -> Result<(), Box<dyn Error>> {
    work::prepare(folder, btf)?;

    println!(
        "{}: medians of {runs}, milliseconds of wall time\n",
        name(btf)
    );
    println!("| what | ctxgen | without | ratio | at most |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for comparison in &COMPARISONS {
        let child = |step: &'static str| work::child(step, folder, btf);
        let [ours, theirs] = side_by_side(
            runs,
            [&|| child(comparison.ours), &|| child(comparison.theirs)],
        )?;
        let ratio = ours.time.as_secs_f64() / theirs.time.as_secs_f64();
        println!(
            "| {} | {:.0} | {:.0} | {ratio:.2} | {} |",
            comparison.what,
            millis(&ours),
            millis(&theirs),
            comparison.bound
        );
    }
    Ok(())
}

/// The bare BTF of each, so that nobody's time goes into decompression: a file of the same name.
fn raw(paths: &[PathBuf], folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for path in paths {
        let name = path.file_stem().ok_or("a BTF is a file")?;
        let file = folder.join(name);
        std::fs::write(&file, ctxgen::kernel_btf_bytes(path)?)?;
        files.push(file);
    }
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn millis(cost: &Cost) -> f64 {
    cost.time.as_secs_f64() * 1e3
}

/// `ctxgen list` over all hooks, and what it takes more for a larger kernel.
fn list(command: &Path, btfs: &[PathBuf], runs: usize) -> Result<(), Box<dyn Error>> {
    println!("\n| ctxgen list | types | seconds | peak MiB | ms for 1,000 types |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    let mut points = Vec::new();
    for btf in btfs {
        let types = ctxgen::KernelBtf::from_path(btf)?.btf().type_count();
        let child = || {
            let mut child = std::process::Command::new(command);
            child.arg("list").arg("--btf").arg(btf);
            child
        };
        let [cost] = side_by_side(runs, [&child])?;
        println!(
            "| {} | {types} | {:.2} | {:.0} | {:.2} |",
            name(btf),
            cost.time.as_secs_f64(),
            cost.peak_kib as f64 / 1024.0,
            millis(&cost) / f64::from(types) * 1e3
        );
        points.push((f64::from(types), millis(&cost)));
    }
    if let Some(slope) = slope(&points) {
        println!(
            "\nA thousand types more take {:.2} ms more (least squares over these kernels).",
            slope * 1e3
        );
    }
    Ok(())
}

/// Of the straight line nearest to the points; `None` for less than two.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    let common: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    (spread > 0.0).then(|| common / spread)
}

//! `cargo xtask fuzz`: libFuzzer over every way in, with AddressSanitizer in Rust and in libbpf's C.

mod report;

use std::env;
use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use clap::Args;

use self::report::Row;
use self::report::Stats;
use crate::error::Error;
use crate::process;
use crate::workspace;

/// The package with the targets, from the workspace's root.
const PACKAGE: &str = "tests/fuzz";

/// The toolchain that has the flags which sanitizers take.
const NIGHTLY: &str = "+nightly";

/// What an input may have at most, in bytes.
const MAX_LEN: usize = 1 << 14;

/// The largest single piece of memory, in MiB: `docs/limits.md` gives an input of that size 64 MiB and a little
/// in all, and AddressSanitizer adds to it.
const MAX_PIECE: usize = 100;

/// The longest that an input may take, in seconds: AddressSanitizer and coverage make it several times slower.
const TIMEOUT: usize = 30;

/// Search for input that causes errors, with libFuzzer and AddressSanitizer, which covers libbpf's C code too
#[derive(Args, Debug)]
pub(crate) struct Fuzz {
    /// How long each target runs
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    minutes: f64,
    /// Write the results to docs/fuzzed.md
    #[arg(long)]
    write: bool,
    /// Add the smallest inputs that reach new code to tests/fuzz/corpus
    #[arg(long)]
    keep: bool,
    /// Install what is missing: cargo-fuzz
    #[arg(long)]
    setup: bool,
    /// The targets (default: all); `cargo xtask fuzz list` lists them
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,
}

impl Fuzz {
    /// Does it.
    pub(crate) fn run(self) -> Result<(), Error> {
        let root = workspace::root();
        let all = targets(&root)?;
        if self.targets == ["list"] {
            all.iter().for_each(|name| println!("{name}"));
            return Ok(());
        }
        if let Some(unknown) = self.targets.iter().find(|name| !all.contains(name)) {
            return Err(Error::Arguments {
                subcommand: "fuzz",
                complaint: format!("there is no target `{unknown}`, but {}", all.join(", ")),
            });
        }
        provide(self.setup)?;
        let wanted = match self.targets.is_empty() {
            true => all,
            false => self.targets.clone(),
        };
        let mut rows = Vec::new();
        for target in &wanted {
            let row = self.fuzz(&root, target)?;
            println!("{row}");
            rows.push(row);
        }
        println!("\n{}", report::table(&rows));
        if self.write {
            report::write(&root, &rows)?;
        }
        let failed: Vec<&Row> = rows.iter().filter(|row| row.stats.findings > 0).collect();
        match failed.is_empty() {
            true => Ok(()),
            false => Err(Error::Fuzzed {
                targets: failed.iter().map(|row| row.target.clone()).collect(),
                folder: artifacts(&root),
            }),
        }
    }

    /// Runs a target for as long as is asked for.
    fn fuzz(&self, root: &Path, target: &str) -> Result<Row, Error> {
        let working = built(root).join("corpus").join(target);
        let folder = artifacts(root).join(target);
        for folder in [&working, &folder] {
            fs::create_dir_all(folder).map_err(|source| unwritten(folder, source))?;
        }
        let kept = ["corpus", "crashers"].map(|it| root.join(PACKAGE).join(it).join(target));
        let mut fuzz = command(root, "run", target);
        fuzz.arg(&working);
        fuzz.args(kept.iter().filter(|folder| folder.is_dir()));
        fuzz.arg("--").args(limits());
        let seconds = (self.minutes * 60.0).ceil();
        fuzz.arg(format!("-max_total_time={seconds}"));
        fuzz.arg("-print_final_stats=1");
        fuzz.arg(format!("-artifact_prefix={}/", folder.display()));
        let stats = watched(&mut fuzz)?;
        if self.keep {
            keep(root, target, &working)?;
        }
        Ok(Row {
            target: target.to_owned(),
            seconds: stats.seconds,
            stats,
        })
    }
}

/// What is missing, and how it can be had; with `setup`, cargo-fuzz is installed.
fn provide(setup: bool) -> Result<(), Error> {
    let nightly = || process::succeeds(Command::new("rustc").args([NIGHTLY, "--version"]));
    let fuzz = || process::succeeds(Command::new("cargo").args(["fuzz", "--version"]));
    if setup && !fuzz() {
        process::run(Command::new("cargo").args(["install", "--locked", "cargo-fuzz"]))?;
    }
    let mut missing = Vec::new();
    if !nightly() {
        missing.push("a nightly toolchain (`rustup toolchain install nightly`)");
    }
    if !fuzz() {
        missing.push(
            "cargo-fuzz (`cargo xtask fuzz --setup`, or `cargo install --locked cargo-fuzz`)",
        );
    }
    match missing.is_empty() {
        true => Ok(()),
        false => Err(Error::NoFuzzer { missing }),
    }
}

/// The targets: the programs of the package.
fn targets(root: &Path) -> Result<Vec<String>, Error> {
    let folder = root.join(PACKAGE).join("fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|source| unwritten(&folder, source))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name();
            name.to_str()?.strip_suffix(".rs").map(str::to_owned)
        })
        .collect();
    names.sort();
    Ok(names)
}

/// Where cargo-fuzz builds, and keeps what it finds on the way.
fn built(root: &Path) -> PathBuf {
    workspace::target_dir(root).join("fuzz")
}

/// Where inputs are kept that something goes wrong with.
fn artifacts(root: &Path) -> PathBuf {
    built(root).join("artifacts")
}

fn limits() -> [String; 4] {
    [
        format!("-max_len={MAX_LEN}"),
        format!("-malloc_limit_mb={MAX_PIECE}"),
        format!("-timeout={TIMEOUT}"),
        "-rss_limit_mb=2048".to_owned(),
    ]
}

/// `cargo fuzz`, with the C of libbpf compiled as the Rust is.
fn command(root: &Path, subcommand: &str, target: &str) -> Command {
    let mut cargo = Command::new("cargo");
    // Of the toolchain that runs this program.
    for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTFLAGS"] {
        cargo.env_remove(name);
    }
    let clang = env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    cargo
        .current_dir(root)
        .env("CC", clang)
        .env("CFLAGS", "-g -O1 -fsanitize=address,fuzzer-no-link")
        .env("ASAN_OPTIONS", "detect_leaks=1:allocator_may_return_null=1")
        .args([NIGHTLY, "fuzz", subcommand, "--fuzz-dir", PACKAGE])
        .arg("--target-dir")
        .arg(built(root))
        .arg(target);
    cargo
}

/// Runs a fuzzer, in view of the user, and tells what it has said at last.
fn watched(fuzz: &mut Command) -> Result<Stats, Error> {
    eprintln!("$ {}", process::command_line(fuzz));
    let start = |source| Error::Start {
        command: "cargo fuzz".to_owned(),
        source,
    };
    let mut child = fuzz.stderr(Stdio::piped()).spawn().map_err(start)?;
    let mut stats = Stats::default();
    let lines = child.stderr.take().map(BufReader::new);
    for line in lines.into_iter().flat_map(|lines| lines.split(b'\n')) {
        let line = line.map_err(start)?;
        let line = String::from_utf8_lossy(&line);
        eprintln!("{line}");
        stats.take(&line);
    }
    let status = child.wait().map_err(start)?;
    match stats.executions == 0 && stats.findings == 0 {
        // What does not build has run nothing.
        true => Err(Error::Failed {
            command: process::command_line(fuzz),
            status,
        }),
        false => Ok(stats),
    }
}

/// Puts those inputs beside the kept ones that reach what these do not, as long as there is room.
fn keep(root: &Path, target: &str, working: &Path) -> Result<(), Error> {
    const ROOM: u64 = 16 << 10;
    let kept = root.join(PACKAGE).join("corpus").join(target);
    let chosen = built(root).join("chosen").join(target);
    let _ = fs::remove_dir_all(&chosen);
    for folder in [&chosen, &kept] {
        fs::create_dir_all(folder).map_err(|source| unwritten(folder, source))?;
    }
    let mut merge = command(root, "run", target);
    merge.arg(&chosen).arg(&kept).arg(working);
    merge.arg("--").args(limits()).arg("-merge=1");
    process::run(&mut merge)?;
    let mut files: Vec<(u64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(&chosen).into_iter().flatten().flatten() {
        let len = entry.metadata().map(|it| it.len()).unwrap_or(u64::MAX);
        files.push((len, entry.path()));
    }
    files.sort();
    let of_kept = fs::read_dir(&kept).into_iter().flatten().flatten();
    let mut room = ROOM.saturating_sub(
        of_kept
            .filter_map(|it| Some(it.metadata().ok()?.len()))
            .sum(),
    );
    for (len, path) in files {
        let Some(left) = room.checked_sub(len) else {
            break;
        };
        room = left;
        let name = path.file_name().unwrap_or_default();
        fs::copy(&path, kept.join(name)).map_err(|source| unwritten(&kept, source))?;
    }
    Ok(())
}

fn unwritten(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_those_of_the_package() {
        let root = workspace::root();
        let names = targets(&root).unwrap();
        assert!(names.contains(&"btf".to_owned()), "{names:?}");
        let manifest = fs::read_to_string(root.join(PACKAGE).join("Cargo.toml")).unwrap();
        for name in names {
            assert!(
                manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
                "{name}"
            );
        }
    }

    #[test]
    fn what_is_no_target_is_said() {
        let fuzz: Fuzz = FuzzLine::parsed(&["nothing"]);
        let error = fuzz.run().unwrap_err().to_string();
        assert!(
            error.contains("there is no target `nothing`, but btf, "),
            "{error}"
        );
    }

    struct FuzzLine;

    impl FuzzLine {
        fn parsed(arguments: &[&str]) -> Fuzz {
            crate::parsed(arguments).unwrap()
        }
    }
}

//! What an input may cost at most: `docs/limits.md` has the figures. Each input here is of a kind that
//! multiplies: a few bytes that many others refer to, or that many others lie upon.

mod btf;
mod elf;
mod packed;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Instant;

/// Memory that any input may take, in bytes.
const MEMORY: usize = 64 << 20;

/// More memory for each byte of the input.
const MEMORY_OF_BYTE: usize = 40;

/// What the program's own text, libraries and stacks take of the address space, which is what is limited.
const OWN: usize = 32 << 20;

/// How many seconds of the processor's time any input here may take. Builds without optimization, on a machine
/// that does other things too, take several times as long as what is stated.
const TIME: usize = 30;

/// Runs the command within the bounds for the input, which is what `args` name `@`.
#[track_caller]
fn run(folder: &Path, name: &str, input: &[u8], args: &[&str]) -> Output {
    run_counted(folder, name, input, input.len(), args)
}

/// As [`run`], of an input that counts for so many bytes.
#[track_caller]
fn run_counted(folder: &Path, name: &str, input: &[u8], counted: usize, args: &[&str]) -> Output {
    let path = folder.join(name);
    fs::write(&path, input).unwrap();
    let bytes = OWN + MEMORY + MEMORY_OF_BYTE * counted;
    // The processor's time, since other tests run at the same time.
    let limited = format!(
        "ulimit -v {} && ulimit -t {TIME} && exec \"$@\"",
        bytes / 1024
    );
    let mut command = Command::new("sh");
    command.args(["-c", &limited, "sh", env!("CARGO_BIN_EXE_ctxgen")]);
    let path = path.to_str().unwrap();
    command.args(args.iter().map(|arg| arg.replace('@', path)));
    let start = Instant::now();
    let output = command.output().unwrap();
    let took = start.elapsed();
    let code = output.status.code();
    let stderr = String::from_utf8_lossy(&output.stderr);
    println!(
        "{name} {args:?}: {} bytes, {took:.1?}, {code:?}, {} bytes of output",
        input.len(),
        output.stdout.len()
    );
    assert!(
        matches!(code, Some(0..=2)),
        "{name} {args:?}: {code:?} {stderr}"
    );
    output
}

/// Lists the hooks of each BTF, and makes a header of another hook.
fn list_and_header(inputs: &[(&str, Vec<u8>)]) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let out = out.to_str().unwrap();
    for (name, input) in inputs {
        run(folder.path(), name, input, &["list", "--btf", "@"]);
        let header = ["header", "fentry/takes_all", "-o", out, "--btf", "@"];
        run(folder.path(), name, input, &header);
    }
}

#[test]
fn names_that_share_their_bytes() {
    list_and_header(&[
        ("names-of-one-string", btf::functions(100_000, 20_000, 1)),
        ("names-within-the-limit", btf::functions(511, 50_000, 1)),
        ("names-many", btf::functions(100_000, 100_000, 1)),
        (
            "members-of-one-string",
            btf::records(btf::STRUCT, 16_000, 16_000),
        ),
        (
            "values-of-one-string",
            btf::records(btf::ENUM, 16_000, 16_000),
        ),
        (
            "members-within-the-limit",
            btf::records(btf::STRUCT, 400, 60_000),
        ),
        (
            "values-within-the-limit",
            btf::records(btf::ENUM, 400, 60_000),
        ),
        ("namesakes", btf::namesakes(100_000, 50_000)),
        ("namesakes-within-the-limit", btf::namesakes(500, 50_000)),
    ]);
}

#[test]
fn types_that_many_refer_to() {
    list_and_header(&[
        ("wide", btf::wide(60_000, 2_000, "")),
        ("wide-tracepoints", btf::wide(60_000, 2_000, "__bpf_trace_")),
        ("written-out", btf::written_out(2_000, 1, 20_000)),
        ("written-out-12-times", btf::written_out(200, 12, 20_000)),
        (
            "values-written-out",
            btf::values_written_out(20_000, 20_000),
        ),
        ("struct-ops", btf::struct_ops(100, 400)),
    ]);
}

#[test]
fn names_that_many_have() {
    list_and_header(&[
        ("harmless", btf::named(&["file", "inode"])),
        ("of-one-name", btf::of_one_name(20_000)),
        ("iterators-of-one-name", btf::iterators_of_one_name(20_000)),
        ("events-and-classes", btf::events_and_classes(4_000)),
        ("lsm-hooks", btf::lsm_hooks(20_000)),
    ]);
}

/// The nearest names are those of a person's mistake.
#[test]
fn a_name_that_is_near_all() {
    let folder = tempfile::tempdir().unwrap();
    let wanted = format!("fentry/{}y", "x".repeat(500));
    let input = btf::functions(511, 50_000, 1);
    run(
        folder.path(),
        "near",
        &input,
        &["show", &wanted, "--btf", "@"],
    );
}

#[test]
fn objects_that_lie_on_top_of_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = folder.path().join("kernel.btf");
    fs::write(&kernel, btf::wide(1, 10, "")).unwrap();
    let kernel = kernel.to_str().unwrap();
    for (name, input, says) in [
        ("harmless.o", elf::program("fentry/f0", "prog"), ""),
        ("tables.o", elf::tables(12_000, 50_000), ""),
        (
            "sections.o",
            elf::sections(3_000, 400_000),
            "sections overlap",
        ),
        (
            "functions.o",
            elf::functions(10_000, 400_000),
            "functions overlap",
        ),
        (
            "relocations.o",
            elf::relocations(5_000, 40_000),
            "sections overlap",
        ),
    ] {
        for command in ["check", "matrix"] {
            let args = [command, "@", "--btf", kernel];
            let output = run(folder.path(), name, &input, &args);
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(stderr.contains(says), "{name}: {stderr}");
        }
    }
}

#[test]
fn debug_information_whose_names_share_their_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let kernel = folder.path().join("kernel.btf");
    fs::write(&kernel, btf::wide(1, 10, "")).unwrap();
    let kernel = kernel.to_str().unwrap();
    for (name, input) in [
        ("long", elf::debug_information(5_000, 50_000)),
        ("within-the-limit", elf::debug_information(5_000, 511)),
    ] {
        let args = ["list", "-f", "uprobe", "--user", "@", "--btf", kernel];
        run(folder.path(), name, &input, &args);
    }
}

#[test]
fn what_is_packed() {
    let folder = tempfile::tempdir().unwrap();
    for (name, input, counted) in packed::inputs() {
        let args = ["list", "-f", "fentry", "--btf", "@"];
        run_counted(folder.path(), name, &input, counted, &args);
    }
}

#[test]
fn a_wide_prototype_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (params, is_wide) in [(127, false), (128, true), (60_000, true)] {
        let args = ["list", "-f", "kprobe", "--btf", "@"];
        let output = run(folder.path(), "wide", &btf::wide(params, 2, ""), &args);
        let stdout = String::from_utf8(output.stdout).unwrap();
        let line = stdout
            .lines()
            .find(|line| line.starts_with("kprobe/f0"))
            .unwrap();
        assert_eq!(
            line.contains("it has more than 127 parameters"),
            is_wide,
            "{line}"
        );
    }
}

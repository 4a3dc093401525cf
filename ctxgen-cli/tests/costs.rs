//! What an input may cost at most: 64 MiB of memory and 40 times its bytes, and a second for each of its
//! megabytes. Each input here is of a kind that multiplies: names that are the ends of one string, and
//! types that share a prototype.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::Instant;

/// Memory that any input may take, in bytes.
const MEMORY: usize = 64 << 20;

/// More memory for each byte of the input.
const MEMORY_OF_BYTE: usize = 40;

/// What the program's own text, libraries and stacks take of the address space, which is what is limited.
const OWN: usize = 32 << 20;

/// How long any input may take. Builds without optimization, on a machine that does other things too, take
/// several times as long as the second that is stated.
const TIME: Duration = Duration::from_secs(10);

const INT: u32 = 1;
const STRUCT: u32 = 4;
const ENUM: u32 = 6;
const TYPEDEF: u32 = 8;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;

/// BTF by hand: writers have each string once.
struct Blob {
    types: Vec<u8>,
    strings: Vec<u8>,
    count: u32,
}

impl Blob {
    fn new() -> Self {
        let mut blob = Self {
            types: Vec::new(),
            strings: vec![0],
            count: 0,
        };
        let name = blob.string("int");
        assert_eq!(blob.ty(name, INT, 0, 4, &[1 << 24 | 32]), 1);
        blob
    }

    fn string(&mut self, string: &str) -> u32 {
        let at = self.strings.len() as u32;
        self.strings.extend_from_slice(string.as_bytes());
        self.strings.push(0);
        at
    }

    fn ty(&mut self, name: u32, kind: u32, vlen: usize, size: u32, rest: &[u32]) -> u32 {
        let info = kind << 24 | vlen as u32;
        for word in [name, info, size].iter().chain(rest) {
            self.types.extend_from_slice(&word.to_le_bytes());
        }
        self.count += 1;
        self.count
    }

    fn proto(&mut self, params: usize) -> u32 {
        let rest: Vec<u32> = (0..params).flat_map(|_| [0, 1]).collect();
        self.ty(0, FUNC_PROTO, params, 1, &rest)
    }

    fn func(&mut self, name: u32, proto: u32) {
        self.ty(name, FUNC, 0, proto, &[]);
    }

    fn bytes(self) -> Vec<u8> {
        let (types, strings) = (self.types.len() as u32, self.strings.len() as u32);
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        for word in [24, 0, types, types, strings] {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes.extend(self.types);
        bytes.extend(self.strings);
        bytes
    }
}

/// Functions whose names start at each `step`th byte of one string.
fn functions(length: usize, count: usize, step: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(1);
    let name = blob.string(&"x".repeat(length));
    for number in 0..count {
        blob.func(name + (number * step % length) as u32, proto);
    }
    let name = blob.string("takes_all");
    blob.func(name, proto);
    blob.bytes()
}

/// A struct with such members, or an enum with such values.
fn records(kind: u32, length: usize, count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string(&"x".repeat(length));
    let rest = (0..count as u32).flat_map(|number| match kind {
        STRUCT => vec![name + number % length as u32, 1, 32 * number],
        _ => vec![name + number % length as u32, number],
    });
    let rest: Vec<u32> = rest.collect();
    let size = if kind == STRUCT { 4 * count as u32 } else { 4 };
    let own = blob.string("wide");
    blob.ty(own, kind, count, size, &rest);
    takes_all(blob)
}

/// Types that share their name with another one, each a new end of one string.
fn namesakes(length: usize, count: usize) -> Vec<u8> {
    let mut blob = Blob::new();
    let name = blob.string(&"x".repeat(length));
    for number in 0..count {
        let name = name + (number / 2 % length) as u32;
        blob.ty(name, TYPEDEF, 0, 1, &[]);
    }
    takes_all(blob)
}

fn takes_all(mut blob: Blob) -> Vec<u8> {
    let proto = blob.proto(1);
    let name = blob.string("takes_all");
    blob.func(name, proto);
    blob.bytes()
}

/// Functions that share a prototype of many parameters.
fn wide(params: usize, count: usize, prefix: &str) -> Vec<u8> {
    let mut blob = Blob::new();
    let proto = blob.proto(params);
    for number in 0..count {
        let name = blob.string(&format!("{prefix}f{number}"));
        blob.func(name, proto);
    }
    takes_all(blob)
}

/// Runs the command within the bounds for the input.
#[track_caller]
fn run(folder: &Path, name: &str, input: &[u8], args: &[&str]) -> Output {
    let path = folder.join(name);
    fs::write(&path, input).unwrap();
    let bytes = OWN + MEMORY + MEMORY_OF_BYTE * input.len();
    // The processor's time, since other tests run at the same time.
    let limited = format!(
        "ulimit -v {} && ulimit -t {} && exec \"$@\"",
        bytes / 1024,
        TIME.as_secs()
    );
    let mut command = Command::new("sh");
    command.args(["-c", &limited, "sh"]);
    command.arg(env!("CARGO_BIN_EXE_ctxgen")).args(args);
    command.arg("--btf").arg(&path);
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
        matches!(code, Some(0 | 1)),
        "{name} {args:?}: {code:?} {stderr}"
    );
    output
}

#[test]
fn inputs_cost_no_more_than_is_stated() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let header = ["header", "fentry/takes_all", "-o", out.to_str().unwrap()];
    for (name, input) in [
        ("names-of-one-string", functions(100_000, 20_000, 1)),
        ("names-within-the-limit", functions(511, 50_000, 1)),
        ("members-of-one-string", records(STRUCT, 16_000, 16_000)),
        ("values-of-one-string", records(ENUM, 16_000, 16_000)),
        ("members-within-the-limit", records(STRUCT, 400, 60_000)),
        ("values-within-the-limit", records(ENUM, 400, 60_000)),
        ("namesakes", namesakes(100_000, 50_000)),
        ("namesakes-within-the-limit", namesakes(500, 50_000)),
        ("wide", wide(60_000, 2_000, "")),
        ("wide-tracepoints", wide(60_000, 2_000, "__bpf_trace_")),
    ] {
        run(folder.path(), name, &input, &["list"]);
        run(folder.path(), name, &input, &header);
    }
}

#[test]
fn a_wide_prototype_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (params, is_wide) in [(127, false), (128, true), (60_000, true)] {
        let args = ["list", "-f", "kprobe"];
        let output = run(folder.path(), "wide", &wide(params, 2, ""), &args);
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

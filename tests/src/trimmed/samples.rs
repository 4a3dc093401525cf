//! The BTFs that the sample programs are built against where there is no other.

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_build::pin;

use crate::workspace;

/// The architecture of each, as Rust calls it, and the full BTF that it is made of.
pub static SAMPLES: &[(&str, &str)] = &[
    ("aarch64", "6.12.107-arm64-cloud"),
    ("s390x", "6.12.107-s390x"),
    ("x86_64", "7.2.13-amd64-cloud"),
];

/// The BPF sources of the samples, sorted.
///
/// # Errors
/// Where the folder cannot be read.
pub fn sample_sources() -> std::io::Result<Vec<PathBuf>> {
    let mut sources = Vec::new();
    for entry in std::fs::read_dir(workspace().join("example-bpf/src/bpf"))? {
        sources.push(entry?.path());
    }
    sources.retain(|path| path.to_string_lossy().ends_with(".bpf.c"));
    sources.sort();
    Ok(sources)
}

/// The one whose context has a fixed layout.
const FIXED: &str = "rawtp.bpf.c";

/// Writes the pinned BTF of all samples but those on hooks that the kernel lacks, and the text beside
/// it.
///
/// # Errors
/// As [`pin`].
pub fn pin_samples(full: &Path, path: &Path) -> Result<(), Error> {
    let kernel = KernelBtf::from_path(full)?;
    let sources = sample_sources().map_err(|error| Error::Read {
        path: workspace().join("example-bpf/src/bpf"),
        error,
    })?;
    let (fixed, portable): (Vec<PathBuf>, Vec<PathBuf>) = sources
        .into_iter()
        .filter(|source| has_its_hooks(&kernel, source))
        .partition(|source| source.ends_with(FIXED));
    let of = |sources| Builder::new().btf(full).sources(sources);
    pin(path, [of(portable).relocatable(true), of(fixed)])
}

fn has_its_hooks(kernel: &KernelBtf, source: &Path) -> bool {
    let text = std::fs::read_to_string(source).unwrap_or_default();
    unconditional(&text)
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter_map(Hook::from_struct_name)
        .all(|hook| Context::of_struct(kernel, &hook).is_ok())
}

/// A source without what stands between `#if` and `#endif`, which may be for other architectures.
fn unconditional(text: &str) -> String {
    let mut depth = 0_usize;
    let lines = text.lines().filter(|line| {
        if line.starts_with("#if") {
            depth += 1;
        }
        let is_in = depth == 0;
        if line.starts_with("#endif") {
            depth = depth.saturating_sub(1);
        }
        is_in
    });
    lines.collect::<Vec<_>>().join("\n")
}

//! The pinned BTFs that are part of the project: what they are, and that other tools read them.

use std::path::PathBuf;
use std::process::Command;

use ctxgen::KernelBtf;
use ctxgen::PinNote;
use ctxgen_tests::full;
use ctxgen_tests::skip;
use ctxgen_tests::trimmed::SAMPLES;
use ctxgen_tests::trimmed::pin_samples;
use ctxgen_tests::workspace;

fn shipped() -> impl Iterator<Item = (&'static str, &'static str, PathBuf)> {
    SAMPLES.iter().map(|(arch, kernel)| {
        let path = workspace().join(format!("example-bpf/btf/{arch}.btf"));
        (*arch, *kernel, path)
    })
}

#[test]
fn small_and_known() {
    for (arch, kernel, path) in shipped() {
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size < 64_000, "{arch}: {size}");
        let btf = KernelBtf::from_path(&path).unwrap();
        let note = btf.pin_note().unwrap();
        assert_eq!(note.kernel, kernel);
        assert_eq!(note.arch.as_deref(), Some(arch));
        assert_eq!(note.bytes.0 as u64, size);
        assert_eq!(btf.arch().unwrap().rust_name(), arch);
        let text = std::fs::read_to_string(PinNote::path(&path)).unwrap();
        assert!(!text.contains("/work") && !text.contains("/home"), "{text}");
    }
}

#[test]
fn made_of_the_full_kernels() {
    let kernels = full("making the samples' pinned BTFs anew");
    let dir = tempfile::tempdir().unwrap();
    for (arch, name, path) in shipped() {
        let Some(kernel) = kernels.iter().find(|kernel| kernel.name == name) else {
            continue;
        };
        let anew = dir.path().join(format!("{arch}.btf"));
        pin_samples(&kernel.btf, &anew).unwrap();
        assert!(
            std::fs::read(&anew).unwrap() == std::fs::read(&path).unwrap(),
            "{} is not what the samples reach: cargo run -p ctxgen-tests --bin fixtures",
            path.display()
        );
    }
}

#[test]
fn bpftool_reads_them() {
    let Ok(output) = Command::new("bpftool").arg("version").output() else {
        skip("pinned BTFs and bpftool", "bpftool is not there");
        return;
    };
    assert!(output.status.success());
    for (arch, _, path) in shipped() {
        for format in ["raw", "c"] {
            let output = Command::new("bpftool")
                .args(["btf", "dump", "file"])
                .arg(&path)
                .args(["format", format])
                .output()
                .unwrap();
            let stderr = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{arch}, {format}: {stderr}");
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("task_struct"), "{arch}, {format}");
        }
    }
}

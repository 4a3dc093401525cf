//! The trimmed header when all is named: it has every type there is, as the full header has it, and
//! with its size.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen_tests::fixtures;
use ctxgen_tests::full;

fn check(name: &str, btf: &Path) {
    let kernel = KernelBtf::from_path(btf).unwrap();
    let all = render::vmlinux(&kernel).unwrap();
    let mut names = Names::new();
    names.add_words(&all);
    let trimmed = render::vmlinux_for(&kernel, &names).unwrap();

    let definitions: BTreeSet<&str> = all.split("\n\n").collect();
    // Where a struct has to be declared before it is defined depends on the order.
    let is_definition = |text: &&str| text.contains('{') || text.starts_with("typedef");
    let different: Vec<&str> = trimmed
        .split("\n\n")
        .filter(is_definition)
        .filter(|text| !definitions.contains(text))
        .collect();
    assert_eq!(different, [""; 0], "{name}");
    let structs = |text: &str| text.matches("\nstruct ").count();
    assert!(structs(&trimmed) >= definitions.len() / 2, "{name}");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vmlinux.h");
    std::fs::write(&path, &trimmed).unwrap();
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let output = Command::new(clang)
        .args(["-fsyntax-only", "-fms-extensions", "-ferror-limit=0", "-w"])
        .arg(match kernel.byte_order() {
            ByteOrder::Little => "--target=bpfel",
            ByteOrder::Big => "--target=bpfeb",
        })
        .args(["-x", "c"])
        .arg(&path)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    let errors: Vec<&str> = stderr
        .lines()
        .filter(|line| line.contains("error:"))
        .collect();
    assert_eq!(errors, [""; 0], "{name}");
}

#[test]
fn fixtures_whole() {
    for kernel in fixtures() {
        check(&kernel.name, &kernel.btf);
    }
}

#[test]
fn full_kernels_whole() {
    for kernel in full("headers of everything") {
        check(&kernel.name, &kernel.btf);
    }
}

//! What compilers make of the definitions: each struct is where BTF has it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ctxgen::ByteOrder;
use ctxgen::btf::Btf;
use ctxgen::btf::CPrinter;
use ctxgen_fuzz::layouts::assertions;
use ctxgen_tests::Kernel;
use ctxgen_tests::clangs;
use ctxgen_tests::fixtures;
use ctxgen_tests::full;

/// What is otherwise for BPF than for the kernel: a list of variable arguments is the compiler's own.
const OTHERS: [(&str, &str); 2] = [("amd64", "struct warn_args"), ("s390x", "struct warn_args")];

/// The structs that are otherwise, by name.
fn others(kernel: &Kernel, clang: &Path) -> BTreeSet<String> {
    let btf = Btf::parse(&std::fs::read(&kernel.btf).unwrap()).unwrap();
    let mut text = CPrinter::new(&btf).definitions().define_all().unwrap();
    text.push_str(&assertions(&btf));
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("layouts.c");
    std::fs::write(&source, text).unwrap();
    let target = match btf.byte_order() {
        ByteOrder::Little => "bpfel",
        ByteOrder::Big => "bpfeb",
    };
    let output = Command::new(clang)
        .args(["-target", target, "-fms-extensions", "-fsyntax-only", "-w"])
        .arg("-ferror-limit=0")
        .arg(&source)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let errors = said.lines().filter(|line| line.contains("error:"));
    errors
        .map(|line| {
            let name = line
                .split_once('<')
                .and_then(|(_, rest)| rest.split_once('>'));
            let (name, _) = name.unwrap_or_else(|| panic!("{}: {line}", kernel.name));
            name.to_owned()
        })
        .collect()
}

#[test]
fn compiled_layouts() {
    let what = "layouts of whole kernels' types";
    let Some(clang) = clangs(what).last() else {
        return;
    };
    let mut wrong = Vec::new();
    for kernel in fixtures().into_iter().chain(full(what)) {
        let found = others(&kernel, &clang.path);
        let known: BTreeSet<String> = OTHERS
            .iter()
            .filter(|(of, _)| kernel.name.contains(of))
            .map(|(_, name)| (*name).to_owned())
            .collect();
        println!("{}: {found:?}", kernel.name);
        let is_known = match kernel.name.matches('.').count() {
            // Fixtures have some of a kernel's types.
            0 | 1 => found.is_subset(&known),
            _ => found == known,
        };
        if !is_known {
            wrong.push(format!("{}: {found:?}", kernel.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

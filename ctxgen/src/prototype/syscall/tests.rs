//! Where signatures come from, on the fixtures.

use std::path::Path;

use super::*;
use crate::btf::CPrinter;

fn fixture(name: &str) -> KernelBtf {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    KernelBtf::from_path(fixtures.join(format!("{name}.btf"))).unwrap()
}

fn written(kernel: &KernelBtf, name: &str) -> String {
    let signature = signature(kernel, name).unwrap();
    let printer = CPrinter::new(kernel.btf());
    let args = signature.args.iter().map(|arg| {
        printer
            .declare(arg.type_id, arg.name.as_deref().unwrap())
            .unwrap()
    });
    args.collect::<Vec<_>>().join(", ")
}

#[test]
fn every_call_of_the_table_has_a_signature_on_every_kernel() {
    for name in [
        "5.10-x86_64",
        "6.12-aarch64",
        "6.12-s390x",
        "6.12-x86_64-clang",
    ] {
        let kernel = fixture(name);
        for call in table::names() {
            let signature = signature(&kernel, call).expect(call);
            for arg in &signature.args {
                assert!(is_passed(&kernel, arg), "{name} {call} {arg:?}");
            }
        }
    }
}

#[test]
fn arguments_of_the_table() {
    let kernel = fixture("7.2-x86_64");
    let signature = signature(&kernel, "openat").unwrap();
    assert_eq!(signature.names_from, NamesFrom::Table);
    let text = written(&kernel, "openat");
    assert!(
        text.starts_with("int dfd, const char *filename, int flags"),
        "{text}"
    );
    let clone = written(&fixture("6.12-s390x"), "clone");
    assert!(clone.contains("newsp"), "{clone}");
    assert!(super::signature(&kernel, "no_such_call").is_none());
}

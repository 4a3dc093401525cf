//! What global functions get, besides contexts, and pointers that may be NULL.

use ctxgen::KernelBtf;
use ctxgen::RUNNING_BTF;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

use super::can_load;
use super::clangs;
use super::refused;

/// The first release that knows all marks of arguments.
const MARKS: (u32, u32) = (6, 17);

#[test]
fn arguments_of_global_functions() {
    const WHAT: &str = "arguments of global functions";
    if !can_load(WHAT) {
        return;
    }
    let kernel = KernelBtf::from_path(RUNNING_BTF).unwrap();
    if kernel.release().is_none_or(|release| release < MARKS) {
        return skip(WHAT, "the running kernel does not know all marks");
    }
    let source = workspace().join("tests/accesses/globals.bpf.c");
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        assert!(said.iter().all(|program| program.starts_with("not_")));
        assert_eq!((said.len(), all), (21, 44), "{clang}: {said:?}");
    }
}

#[test]
fn pointers_that_may_be_null() {
    const WHAT: &str = "pointers that may be NULL";
    if !can_load(WHAT) {
        return;
    }
    let kernel = KernelBtf::from_path(RUNNING_BTF).unwrap();
    if kernel.release().is_none_or(|release| release < MARKS) {
        return skip(WHAT, "the running kernel may have other ones");
    }
    let source = workspace().join("tests/accesses/nullable.bpf.c");
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        assert!(said.iter().all(|program| program.starts_with("not_")));
        assert_eq!((said.len(), all), (11, 22), "{clang}: {said:?}");
    }
}

#[test]
fn numbers_that_are_followed() {
    const WHAT: &str = "numbers that are followed";
    if !can_load(WHAT) {
        return;
    }
    let kernel = KernelBtf::from_path(RUNNING_BTF).unwrap();
    if kernel.release().is_none_or(|release| release < MARKS) {
        return skip(WHAT, "the running kernel does not know all marks");
    }
    let source = workspace().join("tests/accesses/numbers.bpf.c");
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        assert!(said.iter().all(|program| program.starts_with("not_")));
        assert_eq!((said.len(), all), (9, 19), "{clang}: {said:?}");
    }
}

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

/// Builds a source's programs and loads them into the running kernel: what it refuses is what the build does, and is
/// called `not_…`. `expected` is how many that are, and of how many.
fn as_the_kernel(what: &str, source: &str, expected: (usize, usize)) {
    if !can_load(what) {
        return;
    }
    let kernel = KernelBtf::from_path(RUNNING_BTF).unwrap();
    if kernel.release().is_none_or(|release| release < MARKS) {
        return skip(
            what,
            "the running kernel does not know all marks of arguments",
        );
    }
    let source = workspace().join("tests/accesses").join(source);
    for clang in clangs() {
        let (said, all) = refused(&source, clang);
        assert!(said.iter().all(|program| program.starts_with("not_")));
        assert_eq!((said.len(), all), expected, "{clang}: {said:?}");
    }
}

#[test]
fn arguments_of_global_functions() {
    as_the_kernel("arguments of global functions", "globals.bpf.c", (21, 44));
}

#[test]
fn pointers_that_may_be_null() {
    as_the_kernel("pointers that may be NULL", "nullable.bpf.c", (11, 22));
}

#[test]
fn numbers_that_are_followed() {
    as_the_kernel("numbers that are followed", "numbers.bpf.c", (9, 19));
}

//! All of them are compiled for kernels of each kind, and their SEC names held against their contexts.

use std::collections::BTreeSet;
use std::path::Path;

use ctxgen::KernelBtf;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen_tests::Clang;
use ctxgen_tests::clangs;
use ctxgen_tests::families;
use ctxgen_tests::families::Built;
use ctxgen_tests::families::Contexts;
use ctxgen_tests::full;
use ctxgen_tests::running;

use crate::release;

/// The newest kernel, which has all that they need.
const NEWEST: &str = "7.2.13-amd64-cloud";
/// Those of which no kernel has the families yet.
const AWAITED: [&str; 0] = [];

/// Builds them with fixed contexts and with relocatable ones, each with a compiler.
fn build(name: &str, release: &str, btf: &Path, with: [&Clang; 2]) -> BTreeSet<String> {
    let mut sources = families::sources();
    sources.extend(families::values());
    let [fixed, relocatable] = [0, 1].map(|at| {
        let (contexts, clang) = (Contexts::BOTH[at], with[at]);
        let built = families::build_with(&sources, name, release, btf, contexts, clang, &[]);
        agree(name, btf, contexts, &built);
        built
            .into_iter()
            .map(|object| object.name)
            .collect::<BTreeSet<_>>()
    });
    assert_eq!(fixed, relocatable, "{name}");
    fixed
}

/// No program is said to be wrong on the kernel that it was built for, and each that takes a struct of
/// ctxgen's is examined.
fn agree(name: &str, btf: &Path, contexts: Contexts, built: &[Built]) {
    let folder = tempfile::tempdir().unwrap();
    let kernel = KernelBtf::from_path(btf).unwrap();
    let user = families::user_btf(folder.path(), kernel.byte_order());
    let kernel = kernel.with_user_file(&user).unwrap();
    let mut wrong = Vec::new();
    for object in built {
        for checked in check(&object.bytes, &kernel).unwrap() {
            let what = format!("{name}, {}, {}: {checked}", contexts.name(), object.name);
            let is_expected = match &checked.verdict {
                Verdict::NotChecked(_) => checked.r#struct.is_none(),
                Verdict::Relocatable => contexts == Contexts::Relocatable,
                Verdict::Agrees => true,
                _ => false,
            };
            if !is_expected || !checked.notes.is_empty() {
                wrong.push(what);
            }
        }
    }
    assert_eq!(wrong, [""; 0]);
}

#[test]
fn for_full_kernels() {
    const WHAT: &str = "programs of all families, for full kernels";
    // What a compiler makes of them hardly depends on the kernel: each kernel has its turn of them.
    let clangs = clangs(WHAT);
    for (number, kernel) in full(WHAT).iter().enumerate() {
        let turn = [number, number + 1].map(|number| &clangs[number % clangs.len()]);
        let built = build(&kernel.name, release(&kernel.name), &kernel.btf, turn);
        let sources = families::sources().into_iter();
        let missing: Vec<String> = sources
            .chain(families::values())
            .map(|source| source.name)
            .filter(|name| !built.contains(name))
            .collect();
        assert!(missing.len() < built.len(), "{}: {missing:?}", kernel.name);
        if kernel.name == NEWEST {
            assert_eq!(missing, AWAITED);
        }
    }
}

#[test]
fn for_the_running_kernel() {
    let Some(kernel) = running("programs of all families, for the running kernel") else {
        return;
    };
    // With all of them, they are built to be loaded.
    let with = [Clang::of_builds(); 2];
    build(&kernel.name, &crate::running_release(), &kernel.btf, with);
}

//! All of them are compiled for kernels of each kind, and their SEC names held against their contexts.

use std::collections::BTreeSet;
use std::path::Path;

use ctxgen_tests::families;
use ctxgen_tests::families::Contexts;
use ctxgen_tests::full;
use ctxgen_tests::running;

use crate::release;

/// The newest kernel, which has all that they need.
const NEWEST: &str = "7.2.13-amd64-cloud";
/// Those of which no kernel has the families yet.
const AWAITED: [&str; 0] = [];

fn build(name: &str, release: &str, btf: &Path) -> BTreeSet<String> {
    let mut sources = families::sources();
    sources.extend(families::values());
    let [fixed, relocatable] = Contexts::BOTH.map(|contexts| {
        let built = families::build(&sources, name, release, btf, contexts);
        built
            .into_iter()
            .map(|object| object.name)
            .collect::<BTreeSet<_>>()
    });
    assert_eq!(fixed, relocatable, "{name}");
    fixed
}

#[test]
fn for_full_kernels() {
    for kernel in full("programs of all families, for full kernels") {
        let built = build(&kernel.name, release(&kernel.name), &kernel.btf);
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
    build(&kernel.name, &crate::running_release(), &kernel.btf);
}

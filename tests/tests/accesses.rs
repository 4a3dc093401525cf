//! What builds say of accesses to contexts, against what the running kernel's verifier says.

use std::collections::BTreeSet;
use std::path::Path;

use ctxgen::RUNNING_BTF;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::families::load;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

/// The clangs to build with: those of Debian's packages that are here.
fn clangs() -> Vec<&'static str> {
    let all = ["clang-14", "clang-19"];
    let is_here = |clang: &&str| {
        let is_here = Path::new("/usr/bin").join(clang).exists();
        if !is_here {
            skip(clang, "it is not installed");
        }
        is_here
    };
    all.into_iter().filter(is_here).collect()
}

fn builder(clang: &str, out: &Path) -> Builder {
    Builder::new()
        .source(workspace().join("tests/accesses/shapes.bpf.c"))
        .btf(RUNNING_BTF)
        .target("x86_64-unknown-linux-gnu")
        .clang(clang)
        .out_dir(out)
}

#[test]
fn what_is_refused_is_what_the_verifier_refuses() {
    if cfg!(not(target_arch = "x86_64")) {
        return skip("shapes of accesses", "they name registers of x86-64");
    }
    if !is_root() {
        return skip("shapes of accesses", "loading programs takes root");
    }
    if running("shapes of accesses").is_none() {
        return;
    }
    for clang in clangs() {
        let out = tempfile::tempdir().unwrap();
        let error = builder(clang, out.path()).generate().unwrap_err();
        let Error::Refused(refused) = &error else {
            panic!("{clang}: {error}");
        };
        let said: BTreeSet<&str> = refused.iter().map(|found| &*found.program).collect();
        let object = std::fs::read(out.path().join("shapes.bpf.o")).unwrap();
        let outcomes = load::each(&object, false).unwrap();
        assert!(outcomes.len() > 40);
        let mut wrong = Vec::new();
        for outcome in &outcomes {
            let is_refused = outcome.refused.is_some();
            if is_refused != said.contains(&*outcome.program) {
                wrong.push(format!("{outcome}"));
            }
        }
        assert!(wrong.is_empty(), "{clang}: {wrong:#?}\n{error}");
        // Whatever clang makes of the others.
        for program in [
            "slot_upper_half",
            "slot_stored",
            "slot_atomic",
            "stack_of_modified",
            "bare_slot_behind",
            "register_misaligned",
            "record_head",
            "calls_ours",
            "calls_void",
            "calls_registers_with_slots",
        ] {
            assert!(said.contains(program), "{clang}: {program}");
        }
    }
}

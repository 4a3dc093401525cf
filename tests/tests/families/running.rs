//! On the running kernel.

use std::collections::BTreeMap;

use ctxgen_tests::clangs;
use ctxgen_tests::families;
use ctxgen_tests::families::Contexts;
use ctxgen_tests::families::Expected;
use ctxgen_tests::families::Machine;
use ctxgen_tests::families::load;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;

#[test]
fn each_is_loaded_or_the_reason_is_known() {
    const WHAT: &str = "programs of all families, on the running kernel";
    if !is_root() {
        return skip(WHAT, "loading programs takes root");
    }
    let Some(kernel) = running(WHAT) else {
        return;
    };
    let release = crate::running_release();
    let machine = Machine::this(&release);
    let mut counts: BTreeMap<Expected, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let sources = families::sources();
    for clang in clangs(WHAT) {
        for contexts in Contexts::BOTH {
            let (name, btf) = (&kernel.name, &kernel.btf);
            let built = families::build_with(&sources, name, &release, btf, contexts, clang, &[]);
            let relocate = contexts == Contexts::Relocatable;
            for object in built {
                for outcome in load::each(&object.bytes, relocate).unwrap() {
                    let expected = machine.judge(&outcome);
                    *counts.entry(expected).or_default() += 1;
                    if expected == Expected::Wrong {
                        let (contexts, object) = (contexts.name(), &object.name);
                        wrong.push(format!("{clang}: {contexts} {object} {outcome}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (expected, count) in counts {
        match expected {
            Expected::Loaded => assert!(count >= 100, "{count}"),
            other => skip(&format!("{count} {WHAT}"), &other.to_string()),
        }
    }
}

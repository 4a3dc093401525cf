//! Fields of contexts as alternatives load, however that is written.

use ctxgen_tests::Clang;
use ctxgen_tests::clangs;
use ctxgen_tests::families;
use ctxgen_tests::families::Contexts;
use ctxgen_tests::families::Expected;
use ctxgen_tests::families::Machine;
use ctxgen_tests::families::load;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;

/// How the programs are compiled, and for which contexts and compilers that is safe.
struct Writing {
    what: &'static str,
    args: &'static [&'static str],
    is_safe: fn(&Clang, Contexts) -> bool,
}

const WRITINGS: [Writing; 3] = [
    Writing {
        what: "ctx_get",
        args: &[],
        is_safe: |_, _| true,
    },
    Writing {
        what: "plain fields",
        args: &["-DPLAIN", "-DPLAIN_OWN"],
        is_safe: |clang, contexts| clang.keeps_static_offsets() && contexts == Contexts::Fixed,
    },
    Writing {
        what: "plain fields of the kernel's own contexts",
        args: &["-DPLAIN_OWN"],
        is_safe: |clang, contexts| {
            clang.keeps_static_offsets() && contexts == Contexts::Relocatable
        },
    },
];

#[test]
fn each_choice_is_loaded() {
    const WHAT: &str = "choices among fields, on the running kernel";
    if !is_root() {
        return skip(WHAT, "loading programs takes root");
    }
    let Some(kernel) = running(WHAT) else {
        return;
    };
    let release = crate::running_release();
    let machine = Machine::this(&release);
    let sources = families::choices();
    let mut loaded = 0;
    let mut wrong = Vec::new();
    for clang in clangs(WHAT) {
        for contexts in Contexts::BOTH {
            let safe = |writing: &&Writing| (writing.is_safe)(clang, contexts);
            for writing in WRITINGS.iter().filter(safe) {
                let relocate = contexts == Contexts::Relocatable;
                let mut args = writing.args.to_vec();
                args.extend(relocate.then_some("-DRELOCATABLE"));
                for object in families::build_with(
                    &sources,
                    &kernel.name,
                    &release,
                    &kernel.btf,
                    contexts,
                    clang,
                    &args,
                ) {
                    for outcome in load::each(&object.bytes, relocate).unwrap() {
                        match machine.judge(&outcome) {
                            Expected::Loaded => loaded += 1,
                            Expected::Refused(_) => {}
                            Expected::Wrong => wrong.push(format!(
                                "{clang}, {} contexts, {}: {outcome}",
                                contexts.name(),
                                writing.what
                            )),
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(loaded >= 50, "{loaded}");
}

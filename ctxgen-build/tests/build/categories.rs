//! Trace events in categories that no kernel has, or that have other events.

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

fn build(text: &str) -> Result<Vec<String>, Error> {
    let project = Project::with(text);
    // One of which all functions are known.
    let kernel = kernel_with("with-modules", Order::Little, &["-DMODULES"]);
    let built = project.prog().btf(kernel).generate();
    built.map(|made| made.warnings)
}

#[test]
fn an_event_of_another_category() {
    for (category, text) in [
        (
            "foo",
            "SEC(\"tp/foo/sched_switch\") int p(void *ctx) { return 0; }\n",
        ),
        (
            "net",
            "SEC(\"tp/net/sched_switch\") int p(void *ctx) { return 0; }\n",
        ),
        (
            "foo",
            "SEC(\"tp/foo/sched_switch\") int p(struct btf_tp_foo_sched_switch_ctx *ctx) { return 0; }\n",
        ),
    ] {
        let said = build(text).unwrap_err().to_string();
        let right = format!(
            "`tp/{category}/sched_switch`: the event is in another category, and is tp/sched/sched_switch"
        );
        assert!(said.contains(&right), "{said}");
    }
}

#[test]
fn a_category_that_no_kernel_has() {
    // The kernel of these tests alone has an event of this name.
    let program = |category: &str| {
        format!("SEC(\"tp/{category}/own_event\") int p(void *ctx) {{ return 0; }}\n")
    };
    let warnings = build(&program("sched")).unwrap();
    assert_eq!(warnings, [""; 0]);
    let warnings = build(&program("shced")).unwrap();
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}");
    };
    for part in [
        "SEC(\"tp/shced/own_event\"): that the event is in a category shced is not verified",
        "(similar: sched",
        "Builder::formats",
    ] {
        assert!(warning.contains(part), "{warning}");
    }
}

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

/// Of several records that an event may have, what all have is right, and what none has is another event's.
#[test]
fn a_record_that_is_not_known() {
    let kernel = kernel_with("classes", Order::Little, &["-DMODULES", "-DCLASSES"]);
    let build = |of: &str, field: &str| {
        let project = Project::with(&format!(
            "SEC(\"tp/sched/own_event\") int p(struct trace_event_raw_{of} *ctx) {{ return ctx->{field}; }}\n"
        ));
        let built = project.prog().btf(&kernel).generate();
        built.map(|made| made.warnings)
    };
    assert_eq!(build("first", "both").unwrap(), [""; 0]);
    assert_eq!(build("second", "both").unwrap(), [""; 0]);
    let warnings = build("first", "first").unwrap();
    let [warning] = &warnings[..] else {
        panic!("{warnings:?}");
    };
    let says = "whether first of struct trace_event_raw_first is there is not known: its record is \
                trace_event_raw_first or trace_event_raw_second";
    assert!(warning.contains(says), "{warning}");
    // What is not reached is not read.
    let asked = Project::with(
        "struct none___own { int none; } __attribute__((preserve_access_index));\n\
         SEC(\"tp/sched/own_event\") int p(struct trace_event_raw_third *ctx)\n{\n\
         \tif (__builtin_preserve_type_info(*(struct none___own *)0, 0))\n\t\treturn ctx->third;\n\treturn 0;\n}\n",
    );
    let warnings = asked.prog().btf(&kernel).generate().unwrap().warnings;
    assert_eq!(warnings, [""; 0]);
    let error = build("third", "third").unwrap_err();
    assert!(matches!(error, Error::Mismatch(_)), "{error}");
    let says = "the record of sched/own_event has no such field there: its record is trace_event_raw_first or";
    assert!(error.to_string().contains(says), "{error}");
}

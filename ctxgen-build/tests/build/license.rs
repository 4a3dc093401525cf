//! What a program does that takes a license which is compatible with the GPL.

use crate::support::Order;
use crate::support::Project;

const PRINTS: &str = "SEC(\"tp_btf/sched_switch\") int prog(struct btf_trace_sched_switch_ctx *ctx)\n\
                      { bpf_printk(\"%d\", ctx->next->pid); return 0; }\n";

const PLAIN: &str = "SEC(\"tp_btf/sched_switch\") int prog(struct btf_trace_sched_switch_ctx *ctx)\n\
                     { return ctx->next->pid; }\n";

fn license(name: &str) -> String {
    format!("char mine[] SEC(\"license\") = \"{name}\";\n")
}

/// The warnings about a source, in either byte order.
fn warnings(text: &str) -> Vec<String> {
    let project = Project::with_no_more(text);
    let source = project.path("src/prog.bpf.c");
    let start = format!("{}: ", source.display());
    let [little, big] = Order::BOTH.map(|order| {
        let artifacts = project
            .builder_for(order)
            .source(&source)
            .generate()
            .unwrap();
        let warnings = artifacts.warnings.into_iter();
        warnings
            .map(|warning| warning.strip_prefix(&start).unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    assert_eq!(little, big);
    little
}

#[test]
fn a_helper() {
    let [warning] = &warnings(PRINTS)[..] else {
        panic!("no warning");
    };
    assert_eq!(
        warning,
        "prog calls bpf_trace_printk, which needs a license that is compatible with the GPL, and the \
         object has none. The kernel will not load it. Write char LICENSE[] SEC(\"license\") = \
         \"GPL\"; or another that it takes as such, such as \"Dual BSD/GPL\" or \"Dual MIT/GPL\""
    );
}

#[test]
fn licenses() {
    for (name, is_compatible) in [
        ("GPL", true),
        ("GPL v2", true),
        ("Dual BSD/GPL", true),
        ("Dual MIT/GPL", true),
        ("Dual MPL/GPL", true),
        ("GPL and additional rights", true),
        ("gpl", false),
        ("GPLv2", false),
        ("MIT", false),
        ("", false),
    ] {
        let warnings = warnings(&format!("{PRINTS}{}", license(name)));
        match is_compatible {
            true => assert_eq!(warnings, [""; 0]),
            false => assert!(
                warnings[0].contains(&format!("the object has {name:?}.")),
                "{name}"
            ),
        }
    }
}

#[test]
fn what_needs_none() {
    assert_eq!(warnings(PLAIN), [""; 0]);
    assert_eq!(warnings("int number;\n"), [""; 0]);
    assert_eq!(warnings(&format!("{PLAIN}{}", license("MIT"))), [""; 0]);
}

#[test]
fn the_first_is_named() {
    let reads = "SEC(\"tp_btf/sched_wakeup\") int later(struct btf_trace_sched_wakeup_ctx *ctx)\n\
                 { int pid; bpf_probe_read_kernel(&pid, sizeof(pid), &ctx->p->pid); return pid; }\n";
    let warnings = warnings(&format!("{PLAIN}{reads}{}", PRINTS.replace("prog", "last")));
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0].starts_with("later calls bpf_probe_read_kernel, "),
        "{warnings:?}"
    );
}

#[test]
fn other_uses() {
    for (text, says) in [
        (
            "SEC(\"lsm.s/file_open\") int prog(struct btf_lsm_file_open_ctx *ctx) { return 0; }\n",
            "prog is a program of an LSM hook, ",
        ),
        (
            "SEC(\"?lsm_cgroup/file_open\") int prog(void *ctx) { return 0; }\n",
            "prog is a program of an LSM hook, ",
        ),
        (
            "SEC(\"struct_ops/x\") int prog(void *ctx) { return 0; }\n",
            "prog is a struct_ops program, ",
        ),
        (
            "extern void bpf_rcu_read_lock(void) __attribute__((section(\".ksyms\")));\n\
             SEC(\"tp_btf/sched_switch\") int prog(void *ctx) { bpf_rcu_read_lock(); return 0; }\n",
            "prog calls the kernel's bpf_rcu_read_lock, ",
        ),
        (
            "__attribute__((noinline)) int helper(u64 n)\n\
             { return n ? bpf_get_current_task() : 0; }\n\
             SEC(\"tp_btf/sched_switch\") int prog(u64 *ctx) { return helper(ctx[0]); }\n",
            "helper calls bpf_get_current_task, ",
        ),
    ] {
        let warnings = warnings(text);
        assert!(warnings[0].starts_with(says), "{text}: {warnings:?}");
    }
}

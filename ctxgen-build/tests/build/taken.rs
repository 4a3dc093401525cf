//! Contexts that a program declares as `void *`, and takes for another kind of memory.

use ctxgen_build::Error;
use ctxgen_build::Mismatch;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

/// What the sources here begin with.
const START: &str = "#include <bpf/bpf_tracing.h>
struct trace_event_raw_sched_switch { u64 ent; int prev_pid; } __attribute__((preserve_access_index));
u64 seen;
";

fn build(text: &str) -> Result<Vec<String>, Error> {
    let project = Project::with(&format!("{START}{text}"));
    let builder = project
        .builder_for(Order::Little)
        .btf(kernel_with("records", Order::Little, &["-DRECORDS"]))
        .source(project.path("src/prog.bpf.c"));
    builder.generate().map(|made| made.warnings)
}

fn mismatch(text: &str) -> Mismatch {
    match build(text) {
        Err(Error::Mismatch(mut found)) if found.len() == 1 => found.remove(0),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn by_what_is_inlined() {
    for (section, pointee, field, is) in [
        ("tp_btf/sched_switch", "pt_regs", "si", "an array of slots"),
        ("raw_tp/sched_switch", "pt_regs", "si", "an array of slots"),
        (
            "tp/sched/sched_switch",
            "pt_regs",
            "si",
            "a trace event's record",
        ),
        (
            "kprobe/vfs_unlink",
            "trace_event_raw_sched_switch",
            "prev_pid",
            "registers",
        ),
        (
            "fentry/vfs_unlink",
            "trace_event_raw_sched_switch",
            "prev_pid",
            "an array of slots",
        ),
    ] {
        let text = format!(
            "static __always_inline long help(struct {pointee} *c)\n{{\n\treturn c->{field};\n}}\n\
             SEC(\"{section}\") int prog(void *ctx) {{ seen = help(ctx); return 0; }}\n"
        );
        let found = mismatch(&text);
        assert_eq!((&*found.takes, &found.gets), (pointee, &None), "{section}");
        let said = found.to_string();
        let parts = [
            format!("its context cannot be struct {pointee}: "),
            format!("\n    return c->{field};"),
            is.to_owned(),
        ];
        for part in parts {
            assert!(said.contains(&part), "{section}: {said}");
        }
    }
}

#[test]
fn by_a_function_that_is_called() {
    let through = "static __noinline long of_slots(u64 *slots) { return slots[1]; }
static __noinline long next(void *c) { return of_slots(c) + 1; }
";
    let function = "static __noinline long of_slots(u64 *slots) { return *slots; }\n";
    let fixed = "struct bpf_raw_tracepoint_args;
static __noinline long of_slots(struct bpf_raw_tracepoint_args *c) { return ((u64 *)c)[5]; }\n";
    for (functions, call, takes) in [
        (function, "of_slots(ctx)", "unsigned long long *"),
        (through, "next(ctx)", "unsigned long long *"),
        (fixed, "of_slots(ctx)", "bpf_raw_tracepoint_args"),
    ] {
        let found = mismatch(&format!(
            "{functions}SEC(\"kprobe/vfs_unlink\") int prog(void *ctx) {{ seen = {call}; return 0; }}\n"
        ));
        assert_eq!(found.takes, takes);
        let said = found.to_string();
        for part in [
            "reads a slot, and gets register ",
            "this program gets registers",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}

/// The same of a struct whose accesses are not relocated.
#[test]
fn by_a_functions_own_struct() {
    let found = mismatch(
        "struct user_regs_struct { long a, b; };
static __noinline long help(struct user_regs_struct *c) { return c->b; }
SEC(\"raw_tp/sched_switch\") int prog(void *ctx) { seen = help(ctx); return 0; }\n",
    );
    assert_eq!(found.takes, "user_regs_struct");
}

#[test]
fn by_the_number_of_a_slot() {
    let found = mismatch(
        "SEC(\"kprobe/vfs_unlink\") int prog(void *ctx)\n{\n\tu64 *c = ctx;\n\n\tseen = c[1];\n\treturn 0;\n}\n",
    );
    let said = found.to_string();
    assert!(said.contains("gets register r9"), "{said}");
    assert!(said.contains("\n    seen = c[1];"), "{said}");
}

#[test]
fn by_a_pointer_to_slots() {
    for (text, line) in [
        ("u64 *c = ctx;\n\n\tseen = *c;", "seen = *c;"),
        ("u64 *c = ctx;\n\n\tc++;\n\tseen = *c;", "seen = *c;"),
    ] {
        let found = mismatch(&format!(
            "SEC(\"kprobe/vfs_unlink\") int prog(void *ctx)\n{{\n\t{text}\n\treturn 0;\n}}\n"
        ));
        assert_eq!(found.takes, "unsigned long long *");
        let said = found.to_string();
        assert!(said.contains(&format!("\n    {line}")), "{said}");
    }
}

#[test]
fn is_what_it_is() {
    for text in [
        "static __noinline long help(struct pt_regs *c) { return PT_REGS_PARM2(c); }
SEC(\"kprobe/vfs_unlink\") int prog(void *ctx) { seen = help(ctx); return 0; }\n",
        "static __noinline long help(u64 *c) { return c[1] & 1; }
SEC(\"tp_btf/sched_switch\") int prog(void *ctx) { seen = help(ctx); return 0; }\n",
        // It is only handed on.
        "static __noinline long help(struct pt_regs *c) { return bpf_get_smp_processor_id() + !c; }
SEC(\"tp_btf/sched_switch\") int prog(void *ctx) { seen = help(ctx); return 0; }\n",
        // It is cast to what it is.
        "static __noinline long help(struct pt_regs *c)
{ struct btf_trace_sched_wakeup_ctx *own = (void *)c; return own->p->pid; }
SEC(\"tp_btf/sched_wakeup\") int prog(void *ctx) { seen = help(ctx); return 0; }\n",
        // Other registers, by their numbers.
        "SEC(\"kprobe/vfs_unlink\") int prog(void *ctx)
{ u64 *c = ctx; seen = c[6]; return 0; }\n",
        // A register that an argument points to.
        "SEC(\"raw_tp/sched_switch\") int prog(void *ctx)
{ u64 *c = ctx; struct pt_regs *r = (void *)c[0]; return bpf_probe_read_kernel(&seen, 8, &r->r8); }\n",
        // A copy of a register is no context.
        "static __noinline long help(u64 *c) { return c[0]; }
SEC(\"kprobe/vfs_unlink\") int prog(struct pt_regs *ctx)
{ u64 copy[2] = { ctx->di, ctx->si }; seen = help(copy); return 0; }\n",
    ] {
        assert_eq!(build(text).unwrap(), [""; 0], "{text}");
    }
}

//! What programs do with their contexts, against what verifiers take and what their sections give them.

use std::path::Path;

use ctxgen_build::Error;
use ctxgen_build::Mismatch;
use ctxgen_build::Refused;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::kernel_with;

/// What the sources here begin with, behind the usual.
const START: &str = "#include <bpf/bpf_tracing.h>
int which;
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 8);
} stacks SEC(\".maps\");
";

/// The enumerator that the small kernel lacks.
const MAPS: &str = "enum bpf_map_type { BPF_MAP_TYPE_STACK_TRACE = 7 };\n";

/// A folded load, whatever compiles it.
const FOLDED: &str = "SEC(\"tp_btf/sched_switch\")
int folded(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	asm(\"if %[which] != 0 goto +2; %[which] = 8; goto +1; %[which] = 16;\"
	    \"%[which] += %[ctx]; %[t] = *(u64 *)(%[which] + 0)\"
	    : [t] \"=r\"(t) : [ctx] \"r\"(ctx), [which] \"r\"((u64)which));
	return t->pid;
}
";

fn project(text: &str) -> Project {
    Project::with(&format!("{MAPS}{START}{text}"))
}

fn build(project: &Project, order: Order, kernel: &Path) -> Result<Vec<String>, Error> {
    let builder = project
        .builder_for(order)
        .btf(kernel)
        .source(project.path("src/prog.bpf.c"));
    builder.generate().map(|made| made.warnings)
}

fn refused(project: &Project, order: Order, kernel: &Path) -> Vec<Refused> {
    match build(project, order, kernel) {
        Err(Error::Refused(refused)) => refused,
        other => panic!("{other:?}"),
    }
}

fn mismatch(text: &str) -> Mismatch {
    let project = project(text);
    match build(&project, Order::Little, kernel(Order::Little)) {
        Err(Error::Mismatch(mut found)) if found.len() == 1 => found.remove(0),
        other => panic!("{text}: {other:?}"),
    }
}

fn warnings(text: &str) -> Vec<String> {
    let project = project(text);
    let built = build(&project, Order::Little, kernel(Order::Little));
    built.unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_folded_load_by_the_target_kernels_verifier() {
    let strict = kernel_with("strict", Order::Little, &["-DREFUSES_MODIFIED"]);
    let project = project(FOLDED);
    let found = refused(&project, Order::Little, &strict);
    let [found] = &found[..] else {
        panic!("{found:?}");
    };
    let (file, number) = found.line.clone().unwrap();
    assert!(file.ends_with("src/prog.bpf.c"), "{file}");
    assert!(number > 10, "{number}");
    assert_eq!(found.program, "folded");
    let text = found.to_string();
    for part in [
        "program folded, SEC(\"tp_btf/sched_switch\"): loads ctx->prev or ctx->next",
        "\n    struct task_struct *prev = ctx_get(ctx, prev);\n",
        "\n    struct task_struct *next = ctx_get(ctx, next);",
    ] {
        assert!(text.contains(part), "{text}");
    }

    // Nothing tells which kernel it is.
    let warnings = build(&project, Order::Little, kernel(Order::Little)).unwrap();
    assert!(
        warnings.iter().any(|warning| warning.contains(
            "loads ctx->prev or ctx->next through a computed address, which verifiers before Linux 7.1 \
             refuse"
        )),
        "{warnings:?}"
    );
    let later = kernel_with("relaxed", Order::Little, &["-DTAKES_MODIFIED"]);
    let warnings = build(&project, Order::Little, &later).unwrap();
    assert_eq!(warnings, [""; 0]);

    // One object for both has to load on both.
    let both = ctxgen_build::Builder::new()
        .out_dir(project.path("out"))
        .target(Order::Little.triple())
        .kernel(&later)
        .kernel(&strict)
        .source(project.path("src/prog.bpf.c"));
    let error = both.generate().unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error}");
}

#[test]
fn replaced_fields_are_never_computed() {
    let text = "SEC(\"tc\") int picked(struct __sk_buff *ctx)
{
	u32 value;

	asm(\"if %[which] != 0 goto +2; %[which] = 0; goto +1; %[which] = 4;\"
	    \"%[which] += %[ctx]; %[value] = *(u32 *)(%[which] + 0)\"
	    : [value] \"=r\"(value) : [ctx] \"r\"(ctx), [which] \"r\"((u64)which));
	return value;
}
";
    let later = kernel_with("relaxed", Order::Little, &["-DTAKES_MODIFIED"]);
    let found = refused(&project(text), Order::Little, &later);
    let text = found[0].to_string();
    assert!(text.contains("loads ctx->len or ctx->mark"), "{text}");
    let advice = "Copy each to a variable first, with a macro of ctx.h, and choose between these:\n    \
                  __u32 len = ctx_get(ctx, len);\n    __u32 mark = ctx_get(ctx, mark);";
    assert!(text.contains(advice), "{text}");
}

/// One finding, whatever the number of loads that a copy becomes.
#[test]
fn an_array_of_a_record() {
    let text = "struct record { u64 head; char here[16]; char there[16]; };
SEC(\"tp/sched/sched_switch\")
int copied(struct record *ctx)
{
	u64 low, high;

	asm(\"if %[which] != 0 goto +2; %[which] = 8; goto +1; %[which] = 24;\"
	    \"%[which] += %[ctx]; %[low] = *(u64 *)(%[which] + 0); %[high] = *(u64 *)(%[which] + 8)\"
	    : [low] \"=&r\"(low), [high] \"=&r\"(high) : [ctx] \"r\"(ctx), [which] \"r\"((u64)which));
	return low + high;
}
";
    let strict = kernel_with("strict", Order::Little, &["-DREFUSES_MODIFIED"]);
    let found = refused(&project(text), Order::Little, &strict);
    let [found] = &found[..] else {
        panic!("{found:?}");
    };
    let text = found.to_string();
    for part in [
        "loads ctx->here or ctx->there through a computed address",
        "\n    bpf_probe_read_kernel(copy, sizeof(copy), ctx->here);\n",
        "\n    bpf_probe_read_kernel(copy, sizeof(copy), ctx->there);",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn parts_of_slots_in_either_byte_order() {
    let program = |width: &str, offset: u32| {
        project(&format!(
            "SEC(\"tp_btf/sched_switch\") int part(u64 *ctx)
{{
	u64 value;

	asm(\"%[value] = *({width} *)(%[ctx] + {offset})\" : [value] \"=r\"(value) : [ctx] \"r\"(ctx));
	return value;
}}
"
        ))
    };
    for order in Order::BOTH {
        let found = refused(&program("u32", 12), order, kernel(order));
        let text = found[0].to_string();
        assert!(text.contains("offsets that are no multiple of 8"), "{text}");
        assert_eq!(
            build(&program("u64", 8), order, kernel(order)).unwrap(),
            [""; 0]
        );
        // The first one has a number.
        let warnings = build(&program("u32", 0), order, kernel(order)).unwrap();
        assert_eq!(
            warnings.len(),
            usize::from(order == Order::Big),
            "{warnings:?}"
        );
    }
}

#[test]
fn slots_where_there_are_registers() {
    for (section, head, gets, by) in [
        (
            "kprobe/vfs_unlink",
            "BPF_PROG(prog, struct inode *dir, struct dentry *dentry)",
            "btf_kprobe_vfs_unlink_ctx",
            "BPF_KPROBE",
        ),
        (
            "kprobe.multi/vfs_*",
            "BPF_PROG(prog, u64 dir, u64 dentry)",
            "pt_regs",
            "BPF_KPROBE",
        ),
        (
            "kretprobe/vfs_unlink",
            "BPF_PROG(prog, u64 ret, u64 dentry)",
            "btf_kretprobe_vfs_unlink_ctx",
            "BPF_KRETPROBE",
        ),
        (
            "uprobe//bin/sh:main",
            "BPF_PROG(prog, u64 argc, u64 dentry)",
            "",
            "BPF_UPROBE",
        ),
    ] {
        let last = head.rsplit_once(' ').unwrap().1.trim_end_matches(')');
        let last = last.trim_start_matches('*');
        let text = format!("SEC(\"{section}\")\nint {head}\n{{\n\treturn (u64){last} & 1;\n}}\n");
        let found = mismatch(&text);
        assert_eq!(found.takes, "unsigned long long *");
        if !gets.is_empty() {
            assert_eq!(found.gets.as_deref(), Some(gets));
        }
        let said = found.to_string();
        // The second slot is where the second register is.
        for part in ["src/prog.bpf.c:", "gets register r9", "BPF_PROG(prog, ", by] {
            assert!(said.contains(part), "{said}");
        }
    }
}

/// The same where no parameter of a macro is a slot.
#[test]
fn slots_without_names() {
    let indexed =
        "SEC(\"kprobe/vfs_unlink\") int prog(unsigned long long *ctx) { return ctx[0]; }\n";
    assert_eq!(mismatch(indexed).program, "prog");
    let in_function = "static __noinline u64 first(u64 *args) { return args[0]; }
SEC(\"kprobe/vfs_unlink\") int prog(u64 *ctx) { return first(ctx); }\n";
    assert!(
        mismatch(in_function)
            .to_string()
            .contains("return args[0];")
    );
    let by_own_macro = "#define HANDLER BPF_PROG
SEC(\"kprobe/vfs_unlink\") int HANDLER(prog, u64 dir) { return dir; }\n";
    assert_eq!(mismatch(by_own_macro).program, "prog");
    let record = "SEC(\"tp/sched/sched_switch\") int BPF_PROG(prog, u64 a, u64 b) { return b; }\n";
    let found = mismatch(record);
    assert_eq!(found.gets.as_deref(), Some("btf_tp_sched_sched_switch_ctx"));
    let args = "SEC(\"kprobe/vfs_unlink\")
int prog(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[0]; }\n";
    assert_eq!(mismatch(args).takes, "bpf_raw_tracepoint_args");
}

#[test]
fn slots_that_are_registers() {
    let arm64 = kernel_with("arm64", Order::Little, &["-DANY_ARCH", "-DARM64"]);
    // The first registers of arm64 are those of the arguments, one by one; there are eight.
    for (slot, is_right) in [(1, true), (7, true), (8, false)] {
        let text =
            format!("SEC(\"kprobe/vfs_unlink\") int prog(u64 *ctx) {{ return ctx[{slot}]; }}\n");
        let project = project(&text);
        let built = project
            .builder()
            .btf(&arm64)
            .target("aarch64-unknown-linux-gnu")
            .source(project.path("src/prog.bpf.c"))
            .generate();
        match built {
            Ok(made) => assert!(is_right && made.warnings.is_empty(), "{slot}: {made:?}"),
            Err(error) => assert!(!is_right, "{slot}: {error}"),
        }
    }
}

#[test]
fn registers_where_there_are_slots() {
    for section in [
        "fentry/vfs_unlink",
        "tp_btf/sched_switch",
        "raw_tp/sched_switch",
        "lsm/file_open",
    ] {
        let read = format!(
            "SEC(\"{section}\")\nint prog(struct pt_regs *ctx)\n{{\n\treturn ctx->di;\n}}\n"
        );
        let found = mismatch(&read);
        assert_eq!(found.takes, "pt_regs");
        let said = found.to_string();
        for part in [
            "should be struct btf_",
            "return ctx->di;",
            "reads a register",
            "BPF_PROG",
        ] {
            assert!(said.contains(part), "{said}");
        }
        let handed_on = format!(
            "SEC(\"{section}\")
int prog(struct pt_regs *ctx) {{ return bpf_get_stackid(ctx, &stacks, 0); }}\n"
        );
        let said = warnings(&handed_on).join("\n");
        assert!(said.contains("It is only handed on"), "{said}");
        let unused = format!("SEC(\"{section}\") int prog(struct pt_regs *ctx) {{ return 0; }}\n");
        let said = warnings(&unused).join("\n");
        assert!(said.contains("Nothing is read from it"), "{said}");
    }
}

#[test]
fn records_and_registers() {
    for (section, takes, field) in [
        ("tp/sched/sched_switch", "pt_regs", "di"),
        (
            "tp_btf/sched_switch",
            "trace_event_raw_sched_switch",
            "prev_pid",
        ),
        (
            "kprobe/vfs_unlink",
            "trace_event_raw_sched_switch",
            "prev_pid",
        ),
        ("perf_event", "trace_event_raw_sched_switch", "prev_pid"),
    ] {
        let record = "struct trace_event_raw_sched_switch { u64 ent; int prev_pid; };";
        let text = format!(
            "{record}\nSEC(\"{section}\") int prog(struct {takes} *ctx) {{ return ctx->{field}; }}\n"
        );
        assert_eq!(mismatch(&text).takes, takes, "{section}");
        let text = text.replace(&format!("ctx->{field}"), "bpf_get_stackid(ctx, &stacks, 0)");
        let said = warnings(&text).join("\n");
        assert!(said.contains("It is only handed on"), "{section}: {said}");
    }
}

#[test]
fn what_is_no_other_memory() {
    for text in [
        // Macros for registers cast what they get.
        "SEC(\"kprobe/vfs_unlink\") int prog(u64 *ctx)
{ struct pt_regs *regs = (void *)ctx; return PT_REGS_PARM1(regs) & 1; }\n",
        "SEC(\"kprobe/vfs_unlink\") int BPF_PROG(prog) { return which; }\n",
        "SEC(\"kprobe/vfs_unlink\") int BPF_KPROBE(prog, void *dir) { return dir != 0; }\n",
        "SEC(\"fentry/vfs_unlink\") int BPF_PROG(prog, void *dir) { return dir != 0; }\n",
        "SEC(\"tp_btf/sched_switch\")
int prog(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[1] & 1; }\n",
        // What a function gets that is replaced need be no context.
        "SEC(\"freplace/f\") int prog(char *text) { return text[which]; }\n",
        "SEC(\"perf_event\") int prog(struct pt_regs *ctx) { return ctx->di & 1; }\n",
        "SEC(\"kprobe/vfs_unlink\") int prog(void *ctx)
{ return bpf_get_stackid(ctx, &stacks, 0); }\n",
        "SEC(\"fentry/vfs_unlink\") int prog(void *ctx)
{ return bpf_get_stackid(ctx, &stacks, 0); }\n",
    ] {
        assert_eq!(warnings(text), [""; 0], "{text}");
    }
}

#[test]
fn contexts_in_global_functions() {
    let with = |argument: &str, program: &str| {
        format!(
            "__attribute__((noinline)) int shared({argument})\n{{\n\
             \tstruct btf_trace_sched_wakeup_ctx *c = (void *)ctx;\n\treturn c->p->pid;\n}}\n\
             SEC(\"tp_btf/sched_wakeup\")\n{program}\n"
        )
    };
    let calls =
        "int prog(struct btf_trace_sched_wakeup_ctx *ctx)\n{\n\treturn shared((void *)ctx);\n}";
    for argument in [
        "struct btf_trace_sched_wakeup_ctx *ctx",
        "struct btf_trace_sched_wakeup_ctx *ctx __arg_ctx",
        "void *ctx",
        "u64 *ctx",
        "struct pt_regs *ctx",
    ] {
        let project = project(&with(argument, calls));
        let found = refused(&project, Order::Little, kernel(Order::Little));
        let text = found[0].to_string();
        for part in [
            "hands its context to the global function shared()",
            "\n    return shared((void *)ctx);\n",
            "`static __noinline`",
            "`void *ctx __arg_ctx`",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
    let iterator = "__attribute__((noinline)) int shared(struct bpf_iter__task *ctx)\n{\n\
                    \treturn ctx->task->pid;\n}\n\
                    SEC(\"iter/task\")\nint prog(struct bpf_iter__task *ctx) { return shared(ctx); }\n";
    let found = refused(&project(iterator), Order::Little, kernel(Order::Little));
    let text = found[0].to_string();
    assert!(
        text.contains("cast it in there: `struct bpf_iter__task *c = ctx;`"),
        "{text}"
    );
    for argument in ["void *ctx __arg_ctx", "u64 *ctx __arg_ctx"] {
        assert_eq!(warnings(&with(argument, calls)), [""; 0], "{argument}");
    }
    let local = with("struct btf_trace_sched_wakeup_ctx *ctx", calls);
    let local = local.replace("__attribute__((noinline)) int", "static __noinline int");
    assert_eq!(warnings(&local), [""; 0]);
    // A copy is memory like any other.
    let copy = "int prog(struct btf_trace_sched_wakeup_ctx *ctx)\n{\n\
                \tu64 copy[1] = { (u64)ctx->p };\n\treturn shared((void *)copy);\n}";
    let copied = with("struct btf_trace_sched_wakeup_ctx *ctx", copy);
    assert_eq!(warnings(&copied), [""; 0]);
}

#[test]
fn behind_a_record() {
    let kernel = kernel_with("records", Order::Little, &["-DRECORDS"]);
    for (offset, is_there) in [(8, true), (16, false), (512, false)] {
        let project = project(&format!(
            "SEC(\"tp/sched/sched_switch\")\nint part(void *ctx)\n{{\n\treturn *(u64 *)(ctx + {offset});\n}}\n"
        ));
        let built = build(&project, Order::Little, &kernel);
        match built {
            Ok(warnings) => assert!(is_there, "{warnings:?}"),
            Err(error) => {
                let said = error.to_string();
                let part = format!(
                    "loads 8 bytes at offset {offset} of the event's record, which ends at 16: "
                );
                assert!(!is_there && said.contains(&part), "{said}");
            }
        }
    }
}

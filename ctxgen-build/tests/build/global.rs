//! Global functions that programs hand their contexts to.

use ctxgen_build::Error;
use ctxgen_build::Refused;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::kernel_with;

/// A mark of an argument.
const MARKED: &str = "struct xdp_md *ctx __arg_ctx";

/// What is refused of a program of that section that hands its context to a global function with that argument.
fn refused(section: &str, argument: &str) -> Vec<Refused> {
    let project = Project::with(&format!(
        "struct bpf_perf_event_data {{ struct pt_regs regs; }};\n\
         struct xdp_md___own {{ int data; }};\n\
         typedef struct xdp_md packet_t;\n\
         __attribute__((noinline)) int shared({argument})\n{{\n\
         \tasm volatile(\"\" :: \"r\"(ctx));\n\treturn 0;\n}}\n\
         SEC(\"{section}\")\nint prog(void *ctx)\n{{\n\treturn shared((void *)ctx);\n}}\n"
    ));
    let builder = project
        .builder_for(Order::Little)
        .btf(kernel(Order::Little))
        .source(project.path("src/prog.bpf.c"));
    match builder.generate() {
        Ok(_) => Vec::new(),
        Err(Error::Refused(refused)) => refused,
        Err(error) => panic!("{section}: {argument}: {error}"),
    }
}

#[test]
fn take_what_the_kernel_takes() {
    // Each as Linux 6.18 has it.
    for (section, argument, is_taken) in [
        ("xdp", "struct xdp_md *ctx", true),
        ("xdp", "packet_t *ctx", true),
        ("xdp", "struct __sk_buff *ctx", false),
        ("xdp", "struct xdp_md___own *ctx", false),
        ("xdp", "struct pt_regs *ctx", false),
        ("xdp", "void *ctx", false),
        ("xdp", "void *ctx __arg_ctx", true),
        ("xdp", MARKED, true),
        ("xdp", "u64 *ctx __arg_ctx", false),
        ("xdp", "char *ctx", false),
        ("tc", "struct __sk_buff *ctx", true),
        ("tc", "struct xdp_md *ctx", false),
        ("tc", MARKED, false),
        ("kprobe/vfs_unlink", "bpf_user_pt_regs_t *ctx", true),
        ("kprobe/vfs_unlink", "struct pt_regs *ctx __arg_ctx", true),
        ("kprobe/vfs_unlink", "u64 *ctx __arg_ctx", false),
        ("kprobe/vfs_unlink", "struct xdp_md *ctx", false),
        (
            "raw_tp/sched_wakeup",
            "struct bpf_raw_tracepoint_args *ctx",
            true,
        ),
        ("raw_tp/sched_wakeup", "u64 *ctx __arg_ctx", true),
        ("raw_tp/sched_wakeup", "u64 *ctx", false),
        ("raw_tp/sched_wakeup", MARKED, false),
        (
            "tp_btf/sched_wakeup",
            "struct bpf_raw_tracepoint_args *ctx",
            false,
        ),
        (
            "tp_btf/sched_wakeup",
            "struct bpf_raw_tracepoint_args *ctx __arg_ctx",
            true,
        ),
        ("tp_btf/sched_wakeup", "unsigned long *ctx __arg_ctx", true),
        ("tp_btf/sched_wakeup", "u32 *ctx __arg_ctx", false),
        ("tp_btf/sched_wakeup", MARKED, false),
        ("tp/sched/sched_wakeup", MARKED, true),
        ("tp/sched/sched_wakeup", "struct xdp_md *ctx", false),
        ("perf_event", "struct bpf_perf_event_data *ctx", true),
        ("perf_event", "struct pt_regs *ctx", false),
        ("perf_event", "struct pt_regs *ctx __arg_ctx", true),
        ("iter/task", "struct bpf_iter__task *ctx __arg_ctx", true),
        ("iter/task", "u64 *ctx __arg_ctx", false),
        ("syscall", "struct xdp_md *ctx", true),
    ] {
        let refused = refused(section, argument);
        assert_eq!(
            refused.is_empty(),
            is_taken,
            "{section}: {argument}: {refused:?}"
        );
    }
}

#[test]
fn of_another_struct_of_the_kernels() {
    for (section, argument, says) in [
        (
            "xdp",
            "struct __sk_buff *ctx",
            [
                "is declared as `struct __sk_buff *ctx`",
                "declare the argument as `struct xdp_md *ctx`.",
            ],
        ),
        (
            "tc",
            "char *ctx",
            [
                "is declared as another type:",
                "declare the argument as `struct __sk_buff *ctx`.",
            ],
        ),
    ] {
        let text = refused(section, argument)[0].to_string();
        for part in says {
            assert!(text.contains(part), "{text}");
        }
    }
}

/// A global function returns nothing but a number to the verifier.
#[test]
fn return_numbers() {
    for (returned, value, is_taken) in [
        ("int", "seen", true),
        ("u64", "seen", true),
        ("struct task_struct *", "p", false),
        ("void *", "p", false),
    ] {
        let project = Project::with(&format!(
            "int seen;\n__attribute__((noinline)) {returned} found(struct task_struct *p __arg_trusted)\n\
             {{\n\tasm volatile(\"\" :: \"r\"(p));\n\tseen++;\n\treturn {value};\n}}\n\
             SEC(\"tp_btf/sched_wakeup\")\nint prog(struct btf_trace_sched_wakeup_ctx *ctx)\n{{\n\
             \treturn found(ctx->p) != 0;\n}}\n"
        ));
        let built = project.prog().btf(kernel(Order::Little)).generate();
        match (built, is_taken) {
            (Ok(_), true) => {}
            (Err(Error::Refused(refused)), false) => {
                let said = refused[0].to_string();
                let what = format!("calls the global function found(), which returns `{returned}`");
                assert!(said.contains(&what), "{said}");
                assert!(said.contains("return found(ctx->p) != 0;"), "{said}");
            }
            (built, _) => panic!("{returned}: {built:?}"),
        }
    }
}

/// What is refused of a program of that section that passes `passed` to a global function with that argument.
fn said(name: &str, section: &str, context: &str, argument: &str, passed: &str) -> Option<String> {
    let project = Project::with(&format!(
        "struct own {{ int a; long b; }};\nstruct unknown;\nint seen;\n\
         __attribute__((noinline)) int shared({argument})\n{{\n\tasm volatile(\"\" :: \"r\"(p));\n\treturn 0;\n}}\n\
         SEC(\"{section}\")\nint prog(struct {context} *ctx)\n{{\n\tstruct own own = {{}};\n\n\
         \tasm volatile(\"\" :: \"r\"(&own));\n\tseen = shared({passed});\n\treturn 0;\n}}\n"
    ));
    let flags: &[&str] = match name {
        "marks" => &["-DMARKS"],
        _ => &[],
    };
    let kernel = kernel_with(name, Order::Little, flags);
    match project.prog().btf(kernel).generate() {
        Ok(_) => None,
        Err(Error::Refused(refused)) => Some(refused[0].to_string()),
        Err(error) => panic!("{section}: {argument}: {error}"),
    }
}

/// Each as it was measured on kernels of these releases.
#[test]
fn take_memory_and_marked_pointers() {
    const WOKEN: (&str, &str) = ("tp_btf/sched_wakeup", "btf_trace_sched_wakeup_ctx");
    const KPROBE: (&str, &str) = ("kprobe/vfs_unlink", "btf_kprobe_vfs_unlink_ctx");
    const TASK: &str = "struct task_struct *p";
    const TRUSTED: &str = "struct task_struct *p __arg_trusted";
    const UNTRUSTED: &str = "struct inode *p __arg_untrusted";
    for (release, (section, context), argument, passed, says) in [
        (
            "6.18",
            WOKEN,
            TASK,
            "ctx->p",
            "takes that for memory of the program's own",
        ),
        ("6.1", WOKEN, TASK, "ctx->p", "`static __noinline`"),
        ("5.10", WOKEN, TASK, "0", "takes no pointers but contexts"),
        ("5.10", WOKEN, "int p", "seen", ""),
        ("6.1", WOKEN, TASK, "0", ""),
        ("6.12", WOKEN, TRUSTED, "ctx->p", ""),
        (
            "6.1",
            WOKEN,
            TRUSTED,
            "ctx->p",
            "does not know the mark `__arg_trusted`",
        ),
        (
            "6.12",
            WOKEN,
            TRUSTED,
            "(void *)&own",
            "no pointer of the kernel's",
        ),
        ("6.18", WOKEN, "struct own *p", "&own", ""),
        (
            "6.18",
            WOKEN,
            "struct own *p __arg_untrusted",
            "&own",
            "has no such struct",
        ),
        (
            "6.18",
            WOKEN,
            "void *p",
            "&own",
            "has to know how large it is",
        ),
        (
            "6.18",
            WOKEN,
            "struct unknown *p",
            "(void *)&own",
            "a pointer to a type that has a size",
        ),
        ("6.18", WOKEN, "u64 p", "(u64)ctx->p", "no number"),
        ("6.12", WOKEN, "int *p", "&ctx->p->pid", ""),
        ("7.2", WOKEN, "int *p", "&ctx->p->pid", "`int *p`"),
        ("6.1", WOKEN, "int *p", "&ctx->p->pid", "`int *p`"),
        (
            "6.18",
            KPROBE,
            "struct inode *p",
            "ctx->dir",
            "what is passed is a number to it",
        ),
        (
            "6.18",
            KPROBE,
            "unsigned long p",
            "(unsigned long)ctx->dir",
            "",
        ),
        ("6.18", KPROBE, UNTRUSTED, "ctx->dir", ""),
        (
            "marks",
            KPROBE,
            UNTRUSTED,
            "ctx->dir",
            "does not know the mark `__arg_untrusted`",
        ),
        ("marks", WOKEN, TRUSTED, "ctx->p", ""),
        (
            "6.12",
            KPROBE,
            UNTRUSTED,
            "ctx->dir",
            "does not know the mark `__arg_untrusted`",
        ),
        (
            "6.18",
            KPROBE,
            "struct inode *p __arg_trusted",
            "ctx->dir",
            "no pointer that it trusts",
        ),
    ] {
        let name = match release {
            "marks" => release.to_owned(),
            release => format!("{release}-passed"),
        };
        let said = said(&name, section, context, argument, passed);
        let case = format!("{release} {section}: {argument} = {passed}: {said:?}");
        assert_eq!(said.is_some(), !says.is_empty(), "{case}");
        assert!(said.unwrap_or_default().contains(says), "{case}");
    }
}

/// Nothing is no number: Linux 6.18 takes none that returns it.
#[test]
fn return_something() {
    let project = Project::with(
        "int seen;\n__attribute__((noinline)) void found(int a)\n{\n\tasm volatile(\"\");\n\tseen = a;\n}\n\
         SEC(\"tp_btf/sched_wakeup\")\nint prog(unsigned long long *ctx)\n{\n\tfound(3);\n\treturn 0;\n}\n",
    );
    let of_release = kernel_with("6.18-global", Order::Little, &[]);
    let error = project.prog().btf(of_release).generate().unwrap_err();
    let refused = error.to_string();
    assert!(
        refused.contains("found(), which returns `void`: up to Linux 6.18"),
        "{refused}"
    );
    let later = kernel_with("7.9-global", Order::Little, &[]);
    for (kernel, expected) in [(&*later, 0), (kernel(Order::Little), 1)] {
        let warnings = project.prog().btf(kernel).generate().unwrap().warnings;
        assert_eq!(warnings.len(), expected, "{warnings:?}");
    }
}

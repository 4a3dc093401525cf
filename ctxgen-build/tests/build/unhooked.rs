//! Programs on hooks that the kernel does not have, and that name none by their context.

use std::path::PathBuf;

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::kernel_with;

/// What is said of a program in each of these sections, and whether that is an error.
fn said(kernels: &[PathBuf], programs: &[(&str, &str)]) -> Vec<Option<(bool, String)>> {
    let mut text = "#include <bpf/bpf_tracing.h>\n".to_owned();
    for (number, (section, rest)) in programs.iter().enumerate() {
        text.push_str(&format!(
            "SEC(\"{section}\")\nint {}\n",
            rest.replace('@', &format!("prog{number}"))
        ));
    }
    let project = Project::with(&text);
    let mut builder = project
        .prog()
        .btf(&kernels[0])
        .relocatable(kernels.len() > 1);
    for kernel in &kernels[1..] {
        builder = builder.kernel(kernel);
    }
    let (errors, warnings): (Vec<(String, String)>, Vec<String>) = match builder.generate() {
        Ok(made) => (Vec::new(), made.warnings),
        Err(Error::Mismatch(errors)) => {
            let of = |error: &ctxgen_build::Mismatch| (error.program.clone(), error.to_string());
            (errors.iter().map(of).collect(), Vec::new())
        }
        Err(error) => panic!("{error}"),
    };
    (0..programs.len())
        .map(|number| {
            let name = format!("prog{number}");
            let error = errors.iter().find(|(program, _)| *program == name);
            let about = format!(": program {name}, ");
            let warning = warnings.iter().find(|warning| warning.contains(&about));
            let error = error.map(|(_, text)| (true, text.clone()));
            error.or_else(|| warning.map(|text| (false, text.clone())))
        })
        .collect()
}

const SLOTS: &str = "@(unsigned long long *ctx) { return 0; }";

fn with_modules() -> PathBuf {
    kernel_with("with-modules", Order::Little, &["-DMODULES"])
}

#[test]
fn are_errors_where_nothing_of_a_kernel_can_be_meant() {
    let cases = [
        (
            (
                "fexit/vfs_unlnik",
                "BPF_PROG(@, struct inode *dir, struct dentry *dentry, int ret) { return ret; }",
            ),
            "fexit/vfs_unlink",
        ),
        (("fentry.s/vfs_unlnik", SLOTS), "fentry/vfs_unlink"),
        (("fmod_ret/security_file_opn", SLOTS), ""),
        (
            (
                "tp_btf/sched_swich",
                "BPF_PROG(@, bool preempt) { return preempt; }",
            ),
            "tp_btf/sched_switch",
        ),
        (
            (
                "raw_tp/sched_swich",
                "@(struct bpf_raw_tracepoint_args *ctx) { return ctx->args[0] != 0; }",
            ),
            "raw_tp/sched_switch",
        ),
        (
            ("lsm/file_mprotct", "@(void) { return 0; }"),
            "lsm/file_mprotect",
        ),
        (
            ("lsm.s/nothing_like_it_at_all", "@(void *ctx) { return 0; }"),
            "",
        ),
        (
            ("tp/syscalls/sys_enter_stat", "@(void *ctx) { return 0; }"),
            "",
        ),
        (("iter/taskk", "@(void *ctx) { return 0; }"), "iter/task"),
        (("fentry/vfs_unlink+0x10", SLOTS), ""),
    ];
    let programs = cases.map(|(program, _)| program);
    let own = kernel_with("without-modules", Order::Little, &["-DWITHOUT_MODULES"]);
    let later = ["-DWITHOUT_MODULES", "-DLATER"];
    let later = kernel_with("later-without-modules", Order::Little, &later);
    for kernels in [vec![own.clone()], vec![own, later]] {
        for ((program, similar), said) in cases.iter().zip(said(&kernels, &programs)) {
            let (is_error, text) = said.unwrap_or_else(|| panic!("{program:?}"));
            assert!(is_error, "{text}");
            assert!(
                text.contains(&format!("SEC(\"{}\"): ", program.0)),
                "{text}"
            );
            assert!(text.contains(similar), "{text}");
        }
    }
}

#[test]
fn of_struct_ops() {
    let text = "
struct chess_ops___mine { int (*opne)(struct task_struct *task, u32 rated); };
SEC(\"struct_ops/any\")
int opened(unsigned long long *ctx) { return ctx[1]; }
SEC(\".struct_ops\")
struct chess_ops___mine chess = { .opne = (void *)opened };
";
    let project = Project::with(text);
    let error = project.prog().btf(with_modules()).generate().unwrap_err();
    let error = error.to_string();
    let start = "program opened, SEC(\"struct_ops/any\"), is chess_ops.opne; ";
    assert!(error.contains(start), "{error}");
    assert!(error.contains("struct_ops/chess_ops/open"), "{error}");
}

#[test]
fn may_be_in_a_module_or_without_types() {
    let cases = [
        (("fentry/nf_conntrack_in", SLOTS), Some("Builder::module")),
        (
            ("fentry/nf_conntrack:nf_conntrack_in", SLOTS),
            Some("Builder::module"),
        ),
        (("tp_btf/kvm_exit", SLOTS), Some("Builder::module")),
        (
            (
                "kprobe/do_unlinkatt",
                "@(struct pt_regs *ctx) { return 0; }",
            ),
            Some("without BTF takes a probe"),
        ),
        (
            (
                "kretprobe/vfs_unlnik",
                "BPF_KRETPROBE(@, int ret) { return ret; }",
            ),
            Some("kretprobe/vfs_unlink"),
        ),
        (
            ("tp/kvm/kvm_exit", "@(void *ctx) { return 0; }"),
            Some("Events of a module"),
        ),
        (("?lsm/file_mprotct", SLOTS), Some("lsm/file_mprotect")),
        // What may be meant for other kernels, or says nothing that BTF could tell of.
        (("?fentry/nf_conntrack_in", SLOTS), None),
        (
            (
                "kprobe/vfs_unlink+0x10",
                "@(struct pt_regs *ctx) { return 0; }",
            ),
            None,
        ),
        (
            ("kprobe.multi/vfs_*", "@(struct pt_regs *ctx) { return 0; }"),
            None,
        ),
        (("fentry.multi/vfs_*", SLOTS), None),
        (("fentry", SLOTS), None),
        (
            (
                "uprobe//bin/sh:nothing",
                "@(struct pt_regs *ctx) { return 0; }",
            ),
            None,
        ),
        (
            ("usdt//bin/sh:a:b", "@(struct pt_regs *ctx) { return 0; }"),
            None,
        ),
        (
            ("freplace/nothing", "@(struct __sk_buff *ctx) { return 0; }"),
            None,
        ),
        (("perf_event", "@(void *ctx) { return 0; }"), None),
        (("struct_ops/nothing", SLOTS), None),
        (("fentry/vfs_unlink", SLOTS), None),
        (("lsm/file_open", SLOTS), None),
        (("sockets1/nothing", "@(void *ctx) { return 0; }"), None),
    ];
    let programs = cases.map(|(program, _)| program);
    for ((program, expected), said) in cases.iter().zip(said(&[with_modules()], &programs)) {
        match (expected, said) {
            (Some(expected), Some((is_error, text))) => {
                assert!(!is_error, "{text}");
                assert!(text.contains(expected), "{text}");
            }
            (None, None) => {}
            (_, said) => panic!("{program:?}: {said:?}"),
        }
    }
}

/// Of what several kernels have in part, a program is for these.
#[test]
fn one_of_several_kernels_has_it() {
    let later = ["-DMODULES", "-DLATER"];
    let later = kernel_with("later-with-modules", Order::Little, &later);
    let kernels = [with_modules(), later];
    let program = ("fentry/vfs_rmdir", SLOTS);
    assert_eq!(said(&kernels, &[program]), [None]);
    let [Some(_)] = &said(&kernels[1..], &[program])[..] else {
        panic!();
    };
}

/// A BTF that was cut down lacks what others named, and tells nothing of the kernel.
#[test]
fn of_a_part_of_a_kernel() {
    let program = ("lsm/file_mprotct", SLOTS);
    assert_eq!(
        said(&[kernel(Order::Little).to_owned()], &[program]),
        [None]
    );
    let [Some((true, _))] = &said(&[with_modules()], &[program])[..] else {
        panic!();
    };
}

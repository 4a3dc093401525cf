//! Programs on tracepoints that may sleep.

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel_with;

#[test]
fn what_kernels_take() {
    const REFUSED: &str = "the target kernel takes no program on a tracepoint that may sleep";
    const BOUND: &str = "on no tracepoints but sys_enter and sys_exit";
    const UNKNOWN: &str = "is not known: Linux 6.18 does not, 7.2 does";
    for (release, section, says) in [
        ("6.18", "tp_btf.s/sched_wakeup", REFUSED),
        ("6.1", "raw_tp.s/sched_wakeup", REFUSED),
        (
            "6.1",
            "raw_tracepoint.s/sched_wakeup",
            "SEC(\"raw_tracepoint/…\") loads",
        ),
        ("7.0", "raw_tp.s/sched_wakeup", UNKNOWN),
        ("7.2", "raw_tp.s/sched_wakeup", ""),
        ("7.2", "tp_btf.s/sched_wakeup", BOUND),
        ("6.18", "tp_btf/sched_wakeup", ""),
    ] {
        let project = Project::with(&format!(
            "SEC(\"{section}\")\nint prog(struct btf_trace_sched_wakeup_ctx *ctx)\n{{\n\treturn !ctx->p;\n}}\n"
        ));
        let kernel = kernel_with(&format!("{release}-sleepable"), Order::Little, &[]);
        let warnings = project.prog().btf(kernel).generate().unwrap().warnings;
        assert_eq!(
            warnings.len(),
            usize::from(!says.is_empty()),
            "{release} {section}: {warnings:?}"
        );
        assert!(
            warnings.concat().contains(says),
            "{release} {section}: {warnings:?}"
        );
    }
}

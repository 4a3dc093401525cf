//! Programs whose sections and arguments belong together.

use super::Case;
use super::mismatches;

const ACCEPTED: &[Case<'_>] = &[
    // ctxgen's own, with whatever decorates the section and the type.
    ("lsm/file_open", "struct btf_lsm_file_open_ctx *ctx"),
    ("?lsm.s/file_open", "struct btf_lsm_file_open_ctx *ctx"),
    ("lsm/file_open", "const struct btf_lsm_file_open_ctx *ctx"),
    (
        "lsm/file_open",
        "struct btf_lsm_file_open_ctx *const restrict ctx",
    ),
    (
        "lsm/file_open",
        "typedef const struct btf_lsm_file_open_ctx open_ctx; typedef open_ctx *open_ptr;|\
         const open_ptr ctx",
    ),
    (
        "lsm_cgroup/file_open",
        "struct btf_lsm_cgroup_file_open_ctx *ctx",
    ),
    (
        "fentry.s/vfs_unlink",
        "struct btf_fentry_vfs_unlink_ctx *ctx",
    ),
    ("fexit/vfs_unlink", "struct btf_fexit_vfs_unlink_ctx *ctx"),
    (
        "fmod_ret/vfs_unlink",
        "struct btf_fmod_ret_vfs_unlink_ctx *ctx",
    ),
    (
        "tp_btf/sched_switch",
        "struct btf_trace_sched_switch_ctx *ctx",
    ),
    (
        "raw_tp/sched_switch",
        "struct btf_trace_sched_switch_ctx *ctx",
    ),
    (
        "raw_tracepoint.w/sched_switch",
        "struct btf_trace_sched_switch_ctx *ctx",
    ),
    ("iter.s/task", "struct bpf_iter__task *ctx"),
    // A flavor is the same to CO-RE.
    (
        "lsm/file_open",
        "struct btf_lsm_file_open_ctx___mine { struct file *file; };|\
         struct btf_lsm_file_open_ctx___mine *ctx",
    ),
    // The kernel's own, for what it has contexts of.
    ("raw_tp/sched_switch", "struct bpf_raw_tracepoint_args *ctx"),
    ("tp_btf/sched_switch", "struct bpf_raw_tracepoint_args *ctx"),
    ("xdp", "struct xdp_md *ctx"),
    ("?xdp.frags/devmap", "struct xdp_md *ctx"),
    ("tcx/egress", "struct __sk_buff *ctx"),
    ("cgroup/connect4", "struct bpf_sock_addr *ctx"),
    // Registers, as they are or by the arguments in them.
    ("kprobe/vfs_unlink", "struct btf_kprobe_vfs_unlink_ctx *ctx"),
    (
        "kprobe.multi/vfs_*",
        "struct btf_kprobe_vfs_unlink_ctx *ctx",
    ),
    ("kprobe", "struct btf_kprobe_vfs_unlink_ctx *ctx"),
    (
        "kretprobe/vfs_unlink",
        "struct btf_kretprobe_vfs_unlink_ctx *ctx",
    ),
    (
        "kprobe.session/vfs_unlink",
        "struct btf_kretprobe_vfs_unlink_ctx *ctx",
    ),
    ("kprobe/vfs_unlink", "struct pt_regs *ctx"),
    ("kprobe/no_such_function", "struct pt_regs *ctx"),
    ("uprobe//bin/sh:main", "struct pt_regs *ctx"),
    ("usdt//bin/sh:a:b", "struct pt_regs *ctx"),
    // Those of libbpf 1.8.
    (
        "tp_btf.s/sched_switch",
        "struct btf_trace_sched_switch_ctx *ctx",
    ),
    (
        "fentry.multi.s/vfs_unlink",
        "struct btf_fentry_vfs_unlink_ctx *ctx",
    ),
    (
        "fexit.multi/vfs_rmdir,vfs_unlink",
        "struct btf_fexit_vfs_unlink_ctx *ctx",
    ),
    // What is not read need not be shared.
    (
        "fentry.multi/vfs_unlink,put_task",
        "struct btf_fentry_vfs_unlink_ctx *ctx",
    ),
    (
        "fexit.multi/vfs_unlink,put_task",
        "struct btf_fexit_put_task_ctx *ctx",
    ),
    ("fentry.multi/vfs_*", "unsigned long long *ctx"),
    // What user space and the author agree about.
    ("syscall", "struct mine { int x; };|struct mine *ctx"),
    (
        "tp/sched/sched_switch",
        "struct record { u64 ent; u32 x; };|struct record *ctx",
    ),
    // What claims nothing.
    ("lsm/file_open", "void *ctx"),
    ("lsm/file_open", "u64 *ctx"),
    ("lsm/file_open", "unsigned long long *ctx"),
    ("lsm/file_open", "void"),
    ("lsm/file_open", "const volatile void *ctx"),
    // Attached by hand: libbpf takes these without a target.
    ("fentry", "struct btf_fentry_vfs_unlink_ctx *ctx"),
    ("?lsm", "struct btf_lsm_file_open_ctx *ctx"),
    ("raw_tp", "struct btf_trace_sched_switch_ctx *ctx"),
];

#[test]
fn accepted() {
    for (case, found) in ACCEPTED.iter().zip(mismatches(ACCEPTED)) {
        assert_eq!(found, None, "{case:?}");
    }
}

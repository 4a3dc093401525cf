//! The fixtures, and the hooks that each of them has, where its kernel has them.

use super::Fixture;

/// One of each thing that kernels differ in: age, compiler, architecture, byte order.
pub static FIXTURES: &[Fixture] = &[
    // Names from __traceiter_, and tracepoints without any.
    Fixture {
        name: "5.10-x86_64",
        kernel: "5.10.223-amd64-cloud",
        without_typedef: &[],
        functions: &[],
    },
    // Several functions of one name; names from __traceiter_ and __bpf_trace_.
    Fixture {
        name: "6.1-x86_64",
        kernel: "6.1.192-amd64-cloud",
        without_typedef: &[],
        functions: &[
            "__bpf_trace_sched_wakeup_template",
            // Different argument types, different names of the same types.
            "bq_enqueue",
            "ext4_update_super",
            "type_show",
            "__x64_sys_accept",
        ],
    },
    // Names from __probestub_.
    Fixture {
        name: "6.12-aarch64",
        kernel: "6.12.107-arm64-cloud",
        without_typedef: &[],
        functions: &["__bpf_trace_sched_wakeup_template"],
    },
    // Big-endian, and without the LSM framework's BPF hooks.
    Fixture {
        name: "6.12-s390x",
        kernel: "6.12.107-s390x",
        without_typedef: &["sched_wakeup_new"],
        functions: &["__bpf_trace_sched_wakeup_template"],
    },
    // Type tags.
    Fixture {
        name: "6.12-x86_64-clang",
        kernel: "6.12.107-amd64-clang",
        without_typedef: &["sched_wakeup_new", "sched_process_exit"],
        functions: &["__bpf_trace_sched_wakeup_template", "update_attr"],
    },
    // Types sorted by name, type tags with a flag, anonymous members of a named type.
    Fixture {
        name: "7.2-x86_64",
        kernel: "7.2.13-amd64-cloud",
        without_typedef: &[],
        functions: &["__bpf_trace_sched_wakeup_template"],
    },
];

/// The hooks that tests ask for by name.
pub(super) static HOOKS: &[&str] = &[
    // What the samples attach to.
    "tp_btf/sched_switch",
    "tp_btf/sched_wakeup",
    "tp_btf/sched_wakeup_new",
    "tp_btf/percpu_alloc_percpu",
    "tp_btf/neigh_update",
    "fentry/vfs_unlink",
    "lsm/file_mprotect",
    "iter/task",
    "tp_btf/inet_sock_set_state",
    // Ops types, each with all its members: arguments that may be NULL, a reference, no names.
    "struct_ops/tcp_congestion_ops/cong_avoid",
    "struct_ops/bpf_dummy_ops/test_1",
    "struct_ops/sched_ext_ops/dispatch",
    "struct_ops/sched_ext_ops_cid/dispatch",
    "struct_ops/Qdisc_ops/enqueue",
    // What changed between kernels.
    "fentry/vfs_create",
    "fentry/inet_csk_accept",
    "fentry/do_unlinkat",
    "tp_btf/block_rq_complete",
    "tp_btf/kfree_skb",
    "tp_btf/kmalloc",
    "tp_btf/kmem_cache_free",
    "tp_btf/consume_skb",
    "tp_btf/hrtimer_start",
    "lsm/path_rename",
    "lsm/inode_setattr",
    // Without names on 5.10.
    "tp_btf/cpu_idle",
    "tp_btf/clock_enable",
    // Names like `arg2` that are real.
    "tp_btf/task_prctl_unknown",
    "lsm/task_prctl",
    // Arguments called `bpf`, `barrier` and `ret`.
    "fentry/dev_xdp_propagate",
    "fentry/xdp_attachment_setup",
    "fentry/ext4_init_inode_table",
    "fentry/__pidfd_prepare",
    // Pointers to functions, to pointers, to const void.
    "tp_btf/cpuhp_enter",
    "tp_btf/iomap_iter",
    "tp_btf/kfree",
    // By value: of 1, 4, 8, 10, 12 and 16 bytes, of none, and to tracepoints.
    "fentry/irqentry_exit",
    "fentry/__device_resume",
    "fentry/__early_ioremap",
    "fentry/arg_track_join",
    "fentry/ZSTD_CCtx_setFParams",
    "fentry/ZSTD_compressBegin_usingCDict_advanced",
    "fentry/__bpf_map_get",
    "fentry/__cgroup_bpf_run_filter_getsockopt",
    "fentry/vma_modify_flags_uffd",
    "tp_btf/xen_mmu_ptep_modify_prot_commit",
    "tp_btf/tmigr_group_set_cpu_active",
    "tp_btf/s390_cio_csch",
    "lsm/path_chown",
    "lsm/socket_getpeersec_stream",
    // An enum of one byte.
    "fentry/__bh_submit",
    // Kfuncs with implicit arguments.
    "fentry/bpf_wq_set_callback",
    "fentry/bpf_stream_vprintk",
    // What fmod_ret programs may and may not modify.
    "fentry/security_file_mprotect",
    "fentry/security_inode_free",
    // Nothing to read: no arguments, no returned value.
    "lsm/bpf_map_free",
    "lsm/inode_free_security",
    "lsm/bprm_committed_creds",
    "iter/bpf_map",
    "iter/task_file",
    // Behind registers.
    "ksyscall/openat",
    "iter/tcp",
    // Trace events: of a class of their own, with data of any length, of a class that the prototype
    // tells, of one that it does not tell on some kernels, and of one that it tells on none.
    "tp/sched/sched_switch",
    "tp/sched/sched_process_exec",
    "tp/sched/sched_wakeup",
    "tp/block/block_rq_issue",
    "tp/power/cpu_frequency",
    "tp/irq_vectors/vector_reserve_managed",
    "tp/irq/softirq_entry",
    "tp/syscalls/sys_enter_openat",
    "tp/syscalls/sys_exit_openat",
    "tp/syscalls/sys_enter_clone",
    "tp/syscalls/sys_enter_getpid",
];

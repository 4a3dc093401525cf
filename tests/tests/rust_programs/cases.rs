//! Contexts of kernels of one and of several ages, and of either byte order.

use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen::merge::merge;
use ctxgen::render::rust_programs::RustOptions;
use ctxgen::render::rust_programs::RustPrograms;
use ctxgen::render::rust_programs::rust_programs;
use ctxgen_tests::fixture;

/// Kernels, and hooks of theirs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    kernels: &'static [&'static str],
    hooks: &'static [&'static str],
}

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "5.10-6.1-7.2",
        kernels: &["5.10-x86_64", "6.1-x86_64", "7.2-x86_64"],
        hooks: &[
            // Not everywhere; of another type; under another name; elsewhere.
            "tp_btf/sched_switch",
            "tp_btf/block_rq_complete",
            "fentry/vfs_unlink",
            "fexit/vfs_unlink",
            "lsm/path_chown",
            "kprobe/vfs_unlink",
            "kretprobe/vfs_unlink",
            // What a record has behind its fields.
            "tp/sched/sched_process_exec",
        ],
    },
    Case {
        name: "7.2-x86_64",
        kernels: &["7.2-x86_64"],
        hooks: &[
            // A pointer to a function, a union by value.
            "tp_btf/cpuhp_enter",
            "tp_btf/tmigr_group_set_cpu_active",
            // An enum of one byte, structs of 10 and 16.
            "fentry/__bh_submit",
            "fentry/arg_track_join",
            "fexit/__cgroup_bpf_run_filter_getsockopt",
            "fmod_ret/security_file_mprotect",
            "lsm/inode_free_security",
            "lsm_cgroup/file_mprotect",
            "struct_ops/tcp_congestion_ops/ssthresh",
            "struct_ops/sched_ext_ops/init",
            "ksyscall/openat",
            "tp/irq/softirq_entry",
            "tp/syscalls/sys_enter_openat",
        ],
    },
    Case {
        name: "6.12-s390x",
        kernels: &["6.12-s390x"],
        hooks: &[
            // Narrow arguments in whole slots; a struct in one.
            "tp_btf/sched_switch",
            "tp_btf/block_rq_complete",
            "tp_btf/percpu_alloc_percpu",
            "tp_btf/s390_cio_csch",
            "fexit/vfs_unlink",
            // Narrow members in their own places.
            "tp/sched/sched_switch",
        ],
    },
];

/// The functions that sources call: getters of the kernel's fields, and others.
const NAMES: &[&str] = &[
    "comm",
    "d_name",
    "len",
    "mm",
    "name",
    "pid",
    "state",
    "unwrap_or",
];

impl Case {
    pub(crate) fn open(&self) -> Vec<KernelBtf> {
        let kernels = self.kernels.iter();
        kernels
            .map(|name| KernelBtf::from_path(fixture(name).btf).unwrap())
            .collect()
    }

    pub(crate) fn contexts<'k>(&self, kernels: &'k [KernelBtf]) -> CtxBtf<'k> {
        let merged = self.hooks.iter().map(|hook| {
            let hook = hook
                .parse()
                .unwrap_or_else(|error| panic!("{hook}: {error}"));
            merge(kernels, &hook).unwrap_or_else(|error| panic!("{hook}: {error}"))
        });
        CtxBtf::relocatable(kernels, merged).unwrap()
    }

    pub(crate) fn made(&self, aya: bool) -> RustPrograms {
        let kernels = self.open();
        let names = NAMES.iter().map(|name| (*name).to_owned());
        rust_programs(
            &self.contexts(&kernels),
            &RustOptions::default().aya(aya).names(names),
        )
        .unwrap()
    }
}

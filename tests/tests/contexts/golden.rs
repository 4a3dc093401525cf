//! What is generated is, byte for byte, what is in `tests/golden`, and that compiles.
//!
//! With `CTXGEN_BLESS=1` in the environment these files are written instead of compared:
//!
//! ```text
//! CTXGEN_BLESS=1 cargo test -p ctxgen-tests golden
//! ```

use std::path::Path;
use std::path::PathBuf;

use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::KernelBtf;
use ctxgen::render;
use ctxgen_build::Builder;
use ctxgen_tests::Kernel;
use ctxgen_tests::bless;
use ctxgen_tests::fixture;
use ctxgen_tests::workspace;

use crate::facts;
use crate::hooks::hook;
use crate::hooks::open;
use crate::tools::clang;
use crate::tools::host_compiler;
use crate::tools::rustc;
use crate::tools::write;

/// The hooks of each fixture that are written out.
const GOLDEN: &[(&str, &[&str])] = &[
    (
        "5.10-x86_64",
        &[
            // No names.
            "tp_btf/cpu_idle",
            "tp_btf/sched_switch",
            "fexit/vfs_unlink",
            "fentry/xdp_attachment_setup",
            "lsm/path_chown",
            "iter/task",
            "struct_ops/tcp_congestion_ops/cong_avoid",
            "struct_ops/tcp_congestion_ops/pkts_acked",
            // Registers.
            "kprobe/vfs_unlink",
            "kretprobe/vfs_unlink",
            // A record; a system call whose number is declared as a slot.
            "tp/sched/sched_process_exec",
            "tp/syscalls/sys_enter_clone",
        ],
    ),
    (
        "6.12-s390x",
        &[
            // Narrow arguments in whole slots.
            "tp_btf/sched_switch",
            "tp_btf/block_rq_complete",
            "tp_btf/percpu_alloc_percpu",
            // A struct in one.
            "tp_btf/s390_cio_csch",
            // No typedef.
            "raw_tp/sched_wakeup_new",
            "fexit/vfs_unlink",
            "iter/task",
            // Narrow members in their own places, and narrow arguments in their slots' last bytes.
            "tp/sched/sched_switch",
            "tp/syscalls/sys_enter_openat",
        ],
    ),
    (
        "6.12-x86_64-clang",
        &[
            "raw_tp/sched_wakeup_new",
            "tp_btf/sched_switch",
            // Type tags.
            "fentry/dev_xdp_propagate",
            "fexit/__pidfd_prepare",
            "lsm/file_mprotect",
        ],
    ),
    (
        "7.2-x86_64",
        &[
            "tp_btf/sched_switch",
            "tp_btf/block_rq_complete",
            // A pointer to a function, a union by value.
            "tp_btf/cpuhp_enter",
            "tp_btf/tmigr_group_set_cpu_active",
            "fentry/vfs_unlink",
            "fexit/vfs_unlink",
            "fmod_ret/security_file_mprotect",
            // An enum of one byte, structs of 10 and 16.
            "fentry/__bh_submit",
            "fentry/arg_track_join",
            "fexit/__cgroup_bpf_run_filter_getsockopt",
            "lsm/file_mprotect",
            "lsm/inode_free_security",
            "lsm/path_chown",
            "lsm_cgroup/file_mprotect",
            "iter/task",
            // Returns something, may be NULL, is a reference, takes nothing.
            "struct_ops/tcp_congestion_ops/ssthresh",
            "struct_ops/sched_ext_ops/dispatch",
            "struct_ops/Qdisc_ops/enqueue",
            "struct_ops/Qdisc_ops/dequeue",
            "struct_ops/sched_ext_ops/init",
            // Registers, and those behind a system call's wrapper.
            "kprobe/vfs_create",
            "kretprobe/vfs_create",
            "ksyscall/openat",
            "fsession/vfs_unlink",
            "kprobe",
            "xdp",
            // Records: with data of any length, of a class of another name, and of system calls.
            "tp/sched/sched_process_exec",
            "tp/irq/softirq_entry",
            "tp/syscalls/sys_enter_openat",
            "tp/syscalls/sys_exit_openat",
            "tp/syscalls/sys_enter_getpid",
        ],
    ),
];

fn path(name: &str) -> PathBuf {
    workspace().join("tests/golden").join(name)
}

fn contexts(kernel: &KernelBtf, hooks: &[&str]) -> Vec<Context> {
    hooks
        .iter()
        .map(|name| Context::of_hook(kernel, &hook(name)).unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

#[test]
fn golden_headers() {
    for (name, hooks) in GOLDEN {
        let kernel = open(&fixture(name));
        let ctx = CtxBtf::new(&kernel, contexts(&kernel, hooks)).unwrap();
        let header = render::header(&ctx).unwrap();
        let golden = bless(&path(&format!("{name}.ctx.h")), &header);

        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let system_headers = folder.join("system");
        write(
            &system_headers,
            "vmlinux.h",
            render::vmlinux(&kernel).unwrap(),
        );
        write(folder, "ctx.h", golden);
        let facts = facts::of(&ctx);
        facts::check_c(clang(kernel.byte_order(), &system_headers), folder, &facts);
        facts::check_c(host_compiler(&system_headers), folder, &facts);
    }
}

/// What `ctxgen show` prints.
#[test]
fn golden_reports() {
    for (name, hooks) in GOLDEN {
        let kernel = open(&fixture(name));
        let mut text = String::new();
        for context in contexts(&kernel, hooks) {
            let ctx = CtxBtf::new(&kernel, [context]).unwrap();
            for report in render::reports(&ctx).unwrap() {
                text.push_str(&format!("{report}\n"));
            }
        }
        bless(&path(&format!("{name}.show.txt")), &text);
    }
}

#[test]
fn golden_bindings() {
    for (name, hooks) in GOLDEN {
        let fixture = fixture(name);
        let kernel = open(&fixture);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let hooks: Vec<String> = hooks.iter().map(|hook| (*hook).to_owned()).collect();
        let bindings = bindings(&fixture, &kernel, &hooks, folder);
        let text = std::fs::read_to_string(bindings).unwrap();
        let golden = path(&format!("{name}.ctx.rs"));
        bless(&golden, &text);
        let hooks: Vec<&str> = hooks.iter().map(String::as_str).collect();
        let ctx = CtxBtf::new(&kernel, contexts(&kernel, &hooks)).unwrap();
        facts::check_rust(rustc(), folder, &golden, &facts::of(&ctx));
    }
}

/// The file with the bindings of these hooks' contexts, as a build script gets them.
pub(crate) fn bindings(
    fixture: &Kernel,
    kernel: &KernelBtf,
    hooks: &[String],
    folder: &Path,
) -> PathBuf {
    let source = write(
        folder,
        "all.bpf.c",
        "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
         char LICENSE[] __attribute__((section(\"license\"), used)) = \"GPL\";\n",
    );
    let arch = kernel.arch().expect("a fixture tells its architecture");
    let builder = Builder::new()
        .source(source)
        .btf(&fixture.btf)
        .out_dir(folder)
        .target(format!("{arch}-unknown-linux-gnu"));
    let builder = hooks.iter().fold(builder, Builder::hook);
    let artifacts = builder.generate().unwrap();
    assert!(artifacts.warnings.is_empty(), "{:?}", artifacts.warnings);
    folder.join("all.ctx.rs")
}

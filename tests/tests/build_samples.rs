//! The sample programs, unchanged, for every kernel that there is a BTF of.

use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use ctxgen::Arch;
use ctxgen::ByteOrder;
use ctxgen::KernelBtf;
use ctxgen::PrototypeError;
use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::Kernel;
use ctxgen_tests::full;
use ctxgen_tests::workspace;
use object::Object;

/// Each sample program, and the contexts that it asks for.
const SAMPLES: [(&str, &[&str]); 9] = [
    ("mprotect_guard", &["btf_lsm_file_mprotect_ctx"]),
    (
        "opensnoop",
        &[
            "btf_tp_syscalls_sys_enter_creat_ctx",
            "btf_tp_syscalls_sys_enter_open_ctx",
            "btf_tp_syscalls_sys_enter_openat2_ctx",
            "btf_tp_syscalls_sys_enter_openat_ctx",
            "btf_tp_syscalls_sys_exit_creat_ctx",
            "btf_tp_syscalls_sys_exit_open_ctx",
            "btf_tp_syscalls_sys_exit_openat2_ctx",
            "btf_tp_syscalls_sys_exit_openat_ctx",
        ],
    ),
    (
        "rawtp",
        &[
            "btf_trace_neigh_update_ctx",
            "btf_trace_percpu_alloc_percpu_ctx",
        ],
    ),
    (
        "runqslower",
        &[
            "btf_trace_sched_switch_ctx",
            "btf_trace_sched_wakeup_ctx",
            "btf_trace_sched_wakeup_new_ctx",
        ],
    ),
    ("taskdump", &["bpf_iter__task"]),
    (
        "tcpconnlat",
        &[
            "btf_kprobe_tcp_rcv_state_process_ctx",
            "btf_kprobe_tcp_v4_connect_ctx",
            "btf_kprobe_tcp_v6_connect_ctx",
            "btf_kretprobe_tcp_v4_connect_ctx",
            "btf_kretprobe_tcp_v6_connect_ctx",
        ],
    ),
    (
        "tinycc",
        &[
            "btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx",
            "btf_struct_ops_tcp_congestion_ops_init_ctx",
            "btf_struct_ops_tcp_congestion_ops_ssthresh_ctx",
            "btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx",
            "btf_trace_inet_sock_set_state_ctx",
        ],
    ),
    // Its hooks are named when it runs.
    ("trace", &[]),
    (
        "unlinksnoop",
        &["btf_fentry_vfs_unlink_ctx", "btf_fexit_vfs_unlink_ctx"],
    ),
];

/// The system calls that architectures lack which came to Linux late, as their contexts end.
const OLD_CALLS: [&str; 2] = ["_open_ctx", "_creat_ctx"];

/// The sources that are there, sorted.
fn sources() -> Vec<PathBuf> {
    let folder = workspace().join("example-bpf/src/bpf");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut sources: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".bpf.c"))
        .collect();
    sources.sort();
    sources
}

fn triple(arch: Arch) -> String {
    format!("{}-unknown-linux-gnu", arch.rust_name())
}

fn build(btf: &Path, sources: &[PathBuf], out: &Path) -> Result<Artifacts, Error> {
    let arch = KernelBtf::from_path(btf).unwrap().arch().unwrap();
    Builder::new()
        .sources(sources)
        .btf(btf)
        .target(triple(arch))
        .out_dir(out)
        .generate()
}

/// What a kernel truly lacks: without a BPF JIT, Debian's kernels for s390x are built without BPF
/// programs for LSM hooks, and without `struct_ops`.
fn lacking(name: &str) -> &'static [(&'static str, &'static str)] {
    match name.contains("s390x") {
        true => &[
            ("mprotect_guard", "lsm/file_mprotect"),
            (
                "tinycc",
                "struct btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx",
            ),
        ],
        false => &[],
    }
}

/// The hook that a build failed for, where it failed because the kernel has no such hook.
fn unknown_hook(error: &Error) -> Option<String> {
    match error {
        Error::Stale { error, .. } => unknown_hook(error),
        Error::Context { error, .. } => match &**error {
            ctxgen::Error::Prototype(PrototypeError::UnknownHook { hook, .. }) => {
                Some(hook.to_string())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Builds all samples for a kernel and looks at what was made.
fn check(name: &str, btf: &Path) {
    let out = tempfile::tempdir().unwrap();
    let mut sources = sources();
    let arch = KernelBtf::from_path(btf).unwrap().arch().unwrap();
    let is_there = |context: &&str| {
        arch != Arch::Arm64 || !OLD_CALLS.iter().any(|call| context.ends_with(call))
    };
    let mut expected = SAMPLES
        .map(|(name, structs)| {
            let structs = structs.iter().copied().filter(is_there);
            (name, structs.collect::<Vec<_>>())
        })
        .to_vec();
    for (sample, hook) in lacking(name) {
        let is_it = |path: &PathBuf| path.ends_with(format!("{sample}.bpf.c"));
        let alone: Vec<PathBuf> = sources.iter().filter(|path| is_it(path)).cloned().collect();
        let error = build(btf, &alone, out.path()).unwrap_err();
        assert_eq!(
            unknown_hook(&error).as_deref(),
            Some(*hook),
            "{name}: {error}"
        );
        sources.retain(|path| !is_it(path));
        expected.retain(|(name, _)| name != sample);
    }
    let artifacts = build(btf, &sources, out.path())
        .unwrap_or_else(|error| panic!("the samples do not build for {name}:\n{error}"));
    assert_eq!(artifacts.warnings, [""; 0], "{name}");
    let made: Vec<(&str, Vec<&str>)> = artifacts
        .objects
        .iter()
        .map(|object| {
            let structs = object.structs.iter().map(String::as_str).collect();
            (&*object.name, structs)
        })
        .collect();
    assert_eq!(made, expected, "{name}");

    let order = KernelBtf::from_path(btf).unwrap().byte_order();
    for built in &artifacts.objects {
        let bytes = std::fs::read(&built.object).unwrap();
        let elf = object::File::parse(&*bytes).unwrap();
        assert_eq!(
            elf.is_little_endian(),
            order == ByteOrder::Little,
            "{name}: {}",
            built.name
        );
    }
}

/// Runs `work` on every kernel, as many at a time as there are processors.
fn for_each(kernels: &[(String, PathBuf)], work: impl Fn(&str, &Path) + Sync) {
    let waiting = Mutex::new(kernels.iter());
    let processors = thread::available_parallelism().map_or(1, Into::into);
    thread::scope(|scope| {
        for _ in 0..processors.min(kernels.len()) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some((name, btf)) = next else { break };
                    work(name, btf);
                }
            });
        }
    });
}

fn all_full(what: &str) -> Vec<(String, PathBuf)> {
    let kernels = full(what).into_iter();
    kernels.map(|Kernel { name, btf }| (name, btf)).collect()
}

#[test]
fn for_the_kernels_shipped_with_them() {
    let folder = workspace().join("example-bpf/btf");
    let shipped: Vec<(String, PathBuf)> = ["aarch64", "s390x", "x86_64"]
        .map(|arch| (arch.to_owned(), folder.join(format!("{arch}.btf"))))
        .to_vec();
    for_each(&shipped, check);
}

#[test]
fn for_every_full_kernel() {
    let kernels = all_full("the sample programs for every kernel");
    for_each(&kernels, check);
    let architectures: BTreeSet<_> = kernels
        .iter()
        .filter_map(|(_, btf)| KernelBtf::from_path(btf).unwrap().arch())
        .map(Arch::rust_name)
        .collect();
    if !kernels.is_empty() {
        assert_eq!(
            architectures,
            BTreeSet::from(["aarch64", "s390x", "x86_64"])
        );
    }
}

#[test]
fn what_a_kernel_truly_lacks_is_an_error_there_and_only_there() {
    let kernels = all_full("hooks that only some kernels have");
    let dir = tempfile::tempdir().unwrap();
    for (hook, context, lacking) in [
        (
            "fentry/do_unlinkat",
            "btf_fentry_do_unlinkat_ctx",
            &["7.2.", "7.3."][..],
        ),
        (
            "tp_btf/sched_prepare_exec",
            "btf_trace_sched_prepare_exec_ctx",
            &["5.10.", "6.1."],
        ),
    ] {
        let source = dir.path().join(format!("{context}.bpf.c"));
        let text = format!(
            "#include \"vmlinux.h\"\n#include \"ctx.h\"\n#include <bpf/bpf_helpers.h>\n\
             SEC(\"{hook}\") int prog(struct {context} *ctx) {{ return 0; }}\n"
        );
        std::fs::write(&source, text).unwrap();
        for_each(&kernels, |name, btf| {
            let out = tempfile::tempdir().unwrap();
            let built = build(btf, std::slice::from_ref(&source), out.path());
            if !lacking.iter().any(|release| name.starts_with(release)) {
                built.unwrap_or_else(|error| panic!("{name}, {hook}: {error}"));
                return;
            }
            let error = built.unwrap_err();
            assert_eq!(
                unknown_hook(&error).as_deref(),
                Some(hook),
                "{name}: {error}"
            );
            let site = format!("{}:4: struct {context}: ", source.display());
            assert!(error.to_string().starts_with(&site), "{error}");
        });
    }
}

//! The verifier of the running kernel takes what it took before.

use libbpf_rs::ObjectBuilder;
use libbpf_rs::libbpf_sys;

use super::*;

/// Hooks whose arguments have been the same for long.
const SOURCE: &str = "\
#include \"vmlinux.h\"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC(\"license\") = \"GPL\";
u64 out;

SEC(\"tp_btf/sched_switch\")
int BPF_PROG(switched, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	out += preempt + prev->pid;
	return 0;
}

SEC(\"raw_tp/sched_switch\")
int raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *next = (struct task_struct *)ctx->args[2];

	out += BPF_CORE_READ(next, pid);
	return 0;
}

SEC(\"kprobe/vfs_read\")
int BPF_KPROBE(reads, struct file *file, char *buf, size_t count)
{
	out += count + BPF_CORE_READ(file, f_flags);
	return 0;
}

SEC(\"kretprobe/vfs_read\")
int BPF_KRETPROBE(read_ends, ssize_t ret)
{
	out += ret;
	return 0;
}

SEC(\"tp/sched/sched_process_exec\")
int executed(struct trace_event_raw_sched_process_exec *ctx)
{
	out += ctx->pid == ctx->old_pid;
	return 0;
}
";

const HOOKS: [&str; 4] = [
    "tp_btf/sched_switch",
    "kprobe/vfs_read",
    "kretprobe/vfs_read",
    "tp/sched/sched_process_exec",
];

fn compile(clang: &str, folder: &Path, name: &str) -> PathBuf {
    let object = folder.join(format!("{name}.o"));
    let status = Command::new(clang)
        .current_dir(folder)
        .args([
            "-g",
            "-O2",
            "-target",
            "bpf",
            "-mcpu=v3",
            "-D__TARGET_ARCH_x86",
            "-fms-extensions",
        ])
        .args(["-Wno-microsoft-anon-tag", "-Iinclude", "-c", name, "-o"])
        .arg(&object)
        .status();
    assert!(status.unwrap().success(), "{clang}: {name}");
    object
}

/// How many programs of an object are loaded.
fn load(object: &Path) -> Result<usize, libbpf_rs::Error> {
    let object = ObjectBuilder::default().open_file(object)?.load()?;
    Ok(object.progs().count())
}

#[test]
fn both_are_loaded() {
    // SAFETY: it only asks.
    let is_root = unsafe { libc::geteuid() } == 0;
    if !is_root || !cfg!(target_arch = "x86_64") || !Path::new("/sys/kernel/btf/vmlinux").exists() {
        eprintln!("skipped: loading needs root and a kernel with BTF, on x86-64");
        return;
    }
    for (clang, libclang) in CLANGS {
        if !Path::new(libclang).is_dir() {
            eprintln!("skipped: there is no {libclang}");
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        std::fs::create_dir_all(folder.join("include/bpf")).unwrap();
        for (name, text) in libbpf_sys::API_HEADERS {
            std::fs::write(folder.join("include/bpf").join(name), text).unwrap();
        }
        let status = Command::new(env!("CARGO_BIN_EXE_ctxgen"))
            .current_dir(folder)
            .args(["header", "-o", "include"])
            .args(HOOKS)
            .status();
        assert!(status.unwrap().success());
        std::fs::write(folder.join("a.bpf.c"), SOURCE).unwrap();
        assert_eq!(
            load(&compile(clang, folder, "a.bpf.c")).unwrap(),
            5,
            "{clang}"
        );
        let output = command(folder, &["--write", "a.bpf.c"])
            .env("CLANG", clang)
            .env("LIBCLANG_PATH", libclang)
            .output()
            .unwrap();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{clang}: {said}");
        assert_eq!(compared(said), 5, "{clang}: {said}");
        let new = std::fs::read_to_string(folder.join("a.bpf.c")).unwrap();
        assert!(
            !new.contains("BPF_PROG(") && !new.contains("BPF_KPROBE("),
            "{new}"
        );
        assert_eq!(
            load(&compile(clang, folder, "a.bpf.c")).unwrap(),
            5,
            "{clang}"
        );
    }
}

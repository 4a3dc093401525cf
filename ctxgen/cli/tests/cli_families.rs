//! `ctxgen show` of contexts that are registers or a struct of the kernel's own.

use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

/// A kernel in small, and a program in user space.
const SOURCE: &str = "
typedef unsigned int __u32;
struct pt_regs { unsigned long r10, r9, r8, ax, cx, dx, si, di, orig_ax; };
typedef struct pt_regs bpf_user_pt_regs_t;
struct xdp_md { __u32 data, data_end; };
struct bpf_sock_addr { __u32 user_family, user_ip4; };
struct file;
void mentioned(bpf_user_pt_regs_t *a, struct xdp_md *b, struct bpf_sock_addr *c) {}
long vfs_read(struct file *file, char *buf, unsigned long count, _Bool fast) { return count; }
long __x64_sys_openat(const struct pt_regs *regs) { return 0; }
void tcp_close(int a) {}
int handle(short priority, long long deadline) { return priority; }
";

struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Self {
        let this = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        std::fs::write(this.path("kernel.c"), SOURCE).unwrap();
        let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
        let status = Command::new(clang)
            .args(["-target", "bpfel", "-g", "-O2", "-w", "-c", "-o"])
            .arg(this.path("kernel.o"))
            .arg(this.path("kernel.c"))
            .status()
            .unwrap();
        assert!(status.success());
        this
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn run(&self, command: &str, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_ctxgen"))
            .args([command, "--btf"])
            .arg(self.path("kernel.o"))
            .args(args)
            .output()
            .unwrap()
    }

    fn show(&self, args: &[&str]) -> Output {
        self.run("show", args)
    }

    fn shown(&self, args: &[&str]) -> String {
        Self::printed(self.show(args))
    }

    fn listed(&self, args: &[&str]) -> String {
        Self::printed(self.run("list", args))
    }

    fn printed(output: Output) -> String {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{stderr}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.shown(&[args, &["--json"]].concat())).unwrap()
    }
}

#[test]
fn families_with_one_struct_for_all_are_listed_by_section() {
    let files = Files::new();
    assert_eq!(
        files.listed(&["--family", "xdp", "cpumap"]),
        "xdp.frags/cpumap(struct xdp_md *)\nxdp/cpumap(struct xdp_md *)\n"
    );
    assert_eq!(
        files.listed(&["cgroup/connect4"]),
        "cgroup/connect4(struct bpf_sock_addr *)\n"
    );
    assert_eq!(
        files.listed(&["--family", "usdt"]),
        "usdt(struct pt_regs *)\nusdt.s(struct pt_regs *)\n"
    );
    assert_eq!(
        files.listed(&["--family", "freplace"]),
        "freplace(void *)\n"
    );
    // This kernel has no struct bpf_nf_ctx.
    let none = files.run("list", &["--family", "netfilter"]);
    assert_eq!(none.status.code(), Some(1));
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(said.ends_with(" has no netfilter hook\n"), "{said}");
}

#[test]
fn arguments_in_registers() {
    let files = Files::new();
    assert_eq!(
        files.shown(&["kprobe/vfs_read"]),
        "/* kprobe/vfs_read; names from vfs_read */
struct btf_kprobe_vfs_read_ctx { /* 72 bytes */
	_Bool fast;           /*  32 +1; cx */
	unsigned long count;  /*  40 +8; dx */
	char *buf;            /*  48 +8; si */
	struct file *file;    /*  56 +8; di */
};
"
    );
    let hook = files.json(&["kprobe.multi/vfs_read"]);
    assert_eq!(hook["struct"], "btf_kprobe_vfs_read_ctx");
    assert_eq!(hook["fields"][3]["remark"], "di");
    assert_eq!(hook["fields"][3]["argument"], 0);
}

#[test]
fn what_is_returned() {
    let files = Files::new();
    let hook = files.json(&["kretprobe/vfs_read"]);
    let fields = hook["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 1);
    assert_eq!(
        (&fields[0]["name"], &fields[0]["remark"]),
        (&"ret".into(), &"ax".into())
    );
    let nothing = files.json(&["kretprobe/tcp_close"]);
    assert_eq!(nothing["fields"].as_array().unwrap().len(), 0);
}

#[test]
fn system_calls() {
    let files = Files::new();
    let hook = files.json(&["ksyscall/openat"]);
    assert_eq!(hook["struct"], "btf_ksyscall_openat_ctx");
    assert_eq!(hook["fields"][0]["name"], "args");
    assert_eq!(hook["fields"][0]["offset"], 56);
    let output = files.show(&["ksyscall/opanet"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("__x64_sys_opanet"), "{stderr}");
}

#[test]
fn functions_in_user_space() {
    let files = Files::new();
    let (program, hook) = (files.path("kernel.o"), "uprobe//usr/bin/kernel.o:handle");
    let shown = files.shown(&[hook, "--user", program.to_str().unwrap()]);
    assert!(
        shown.contains("struct btf_uprobe_handle_ctx { /* 72 bytes */"),
        "{shown}"
    );
    assert!(shown.contains("/*  48 +8; si */"), "{shown}");
    assert!(shown.contains("/*  56 +2; di */"), "{shown}");
    // Whoever has no BTF of it has the registers.
    assert_eq!(files.json(&[hook])["struct"], "pt_regs");
    let missing = files.path("missing");
    let output = files.show(&[hook, "--user", missing.to_str().unwrap()]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(missing.to_str().unwrap()), "{stderr}");
}

#[test]
fn structs_of_the_kernels_own() {
    let files = Files::new();
    for (section, of, fields) in [
        ("xdp", "xdp_md", 2),
        ("xdp.frags/devmap", "xdp_md", 2),
        ("cgroup/connect4", "bpf_sock_addr", 2),
        ("kprobe.multi/tcp_*", "pt_regs", 9),
        ("usdt//bin/sh:provider:name", "pt_regs", 9),
        ("syscall", "", 0),
    ] {
        let hook = files.json(&[section]);
        assert_eq!(hook["struct"], of, "{section}");
        assert_eq!(
            hook["fields"].as_array().unwrap().len(),
            fields,
            "{section}"
        );
    }
    let shown = files.shown(&["syscall"]);
    assert!(shown.contains("BPF_PROG_TEST_RUN"), "{shown}");
    // This kernel has no such programs.
    let output = files.show(&["netfilter"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("struct bpf_nf_ctx"), "{stderr}");
}

/// Of a SEC name with several functions, all are shown, and one that is not there is an error.
#[test]
fn lists_of_functions() {
    let files = Files::new();
    let output = files.show(&["fentry.multi/vfs_read,tcp_close"]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for name in ["btf_fentry_vfs_read_ctx", "btf_fentry_tcp_close_ctx"] {
        assert!(text.contains(name), "{text}");
    }
    let output = files.show(&["fsession.multi.s/vfs_read,nosuch"]);
    assert!(!output.status.success(), "{output:?}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("nosuch"), "{stderr}");
}

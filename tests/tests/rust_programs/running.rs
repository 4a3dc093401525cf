//! The samples in Rust (`example-bpf/rust`), compiled, and run on this kernel where it allows that.
//!
//! It takes the sources of Rust's `core` (`rustup component add rust-src`) and bpf-linker, built with the LLVM
//! that the compiler has.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::ptr;
use std::time::Duration;

use ctxgen::KernelBtf;
use ctxgen::Loader;
use ctxgen::check::Verdict;
use ctxgen::check::check;
use ctxgen::object::ObjectFile;
use ctxgen::object::Step;
use ctxgen_build::RustPrograms;
use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;
use libbpf_rs::MapCore;
use libbpf_rs::ObjectBuilder;
use libbpf_rs::RingBufferBuilder;

const MANIFEST: &str = "\
[package]
name = \"programs\"
version = \"0.0.0\"
edition = \"2024\"

[[bin]]
name = \"runqslower\"
path = \"src/runqslower.rs\"

[[bin]]
name = \"unlinksnoop\"
path = \"src/unlinksnoop.rs\"

[dependencies]
aya-ebpf = \"0.2\"

[profile.release]
panic = \"abort\"

[workspace]
";

fn rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Whether programs in Rust can be compiled here; where not, what is missing is said for `what`.
fn has_toolchain(what: &str) -> bool {
    let sysroot = Command::new(rustc())
        .args(["--print", "sysroot"])
        .output()
        .unwrap();
    let sysroot = PathBuf::from(String::from_utf8(sysroot.stdout).unwrap().trim());
    if !sysroot.join("lib/rustlib/src/rust/library/core").is_dir() {
        skip(what, "there is no rust-src");
        return false;
    }
    let linker = Command::new("bpf-linker").arg("--version").output();
    if !linker.is_ok_and(|output| output.status.success()) {
        skip(what, "there is no bpf-linker");
        return false;
    }
    true
}

/// The kernels that the samples' build names.
const KERNELS: [&str; 2] = [
    "example-bpf/rust/programs/btf/5.10-x86_64.btf",
    "example-bpf/rust/programs/btf/7.3-x86_64.btf",
];

/// The objects of both samples, for the kernels that their build names.
fn compiled(folder: &Path) -> [Vec<u8>; 2] {
    let sources = workspace().join("example-bpf/rust/programs/src");
    let made = RustPrograms::new()
        .source(sources.join("runqslower.rs"))
        .source(sources.join("unlinksnoop.rs"))
        .kernel(workspace().join(KERNELS[0]))
        .kernel(workspace().join(KERNELS[1]))
        .out_dir(folder.join("out"))
        .generate()
        .unwrap();
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), MANIFEST).unwrap();
    for file in fs::read_dir(sources).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join("src").join(file.file_name())).unwrap();
    }
    let flags = [
        "--cfg=bpf_target_arch=\"x86_64\"",
        "-Cdebuginfo=2",
        "-Clink-arg=--btf",
        &format!("-Clink-arg={}", made.ir.display()),
    ];
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust-programs");
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([
            "build",
            "--release",
            "--target",
            "bpfel-unknown-none",
            "-Zbuild-std=core",
        ])
        .current_dir(folder)
        .env("OUT_DIR", folder.join("out"))
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    ["runqslower", "unlinksnoop"].map(|name| {
        let path = target.join("bpfel-unknown-none/release").join(name);
        fs::read(path).unwrap()
    })
}

#[allow(
    dead_code,
    unreachable_pub,
    reason = "it is the samples', and not all is looked at"
)]
#[path = "../../../example-bpf/rust/programs/src/records.rs"]
mod records;

/// What this test looks at.
#[derive(Debug)]
struct Wait {
    ns: u64,
    tid: u32,
    prev_tid: u32,
    comm: String,
}

impl Wait {
    fn parse(event: &[u8]) -> Self {
        assert_eq!(event.len(), size_of::<records::Wait>());
        // SAFETY: it has as many bytes, and consists of integers only.
        let wait = unsafe { ptr::read_unaligned(event.as_ptr().cast::<records::Wait>()) };
        let comm = wait.comm.split(|byte| *byte == 0).next().unwrap();
        Self {
            ns: wait.wait_ns,
            tid: wait.tid,
            prev_tid: wait.prev_tid,
            comm: String::from_utf8_lossy(comm).into_owned(),
        }
    }
}

#[test]
fn the_samples_run() {
    let what = "the samples in Rust on this kernel";
    if !has_toolchain(what) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let [bytes, unlinksnoop] = compiled(folder.path());
    assert_eq!(relocated(&bytes), OF_RUNQSLOWER);
    assert_eq!(relocated(&unlinksnoop), OF_UNLINKSNOOP);
    for kernel in KERNELS {
        let kernel = KernelBtf::from_path(workspace().join(kernel)).unwrap();
        for object in [&bytes, &unlinksnoop] {
            for checked in check(object, &kernel).unwrap() {
                assert_eq!(checked.verdict, Verdict::Relocatable, "{checked}");
            }
        }
    }
    if running(what).is_none() {
        return;
    }
    if !is_root() {
        skip(what, "loading programs takes root");
        return;
    }
    let loader = Loader::new(&bytes).unwrap().require_all().unwrap();
    let opened = loader.open_object(&mut ObjectBuilder::default()).unwrap();
    let object = loader.load_object(opened).unwrap();
    let links: Vec<_> = object
        .progs_mut()
        .map(|program| program.attach().unwrap())
        .collect();
    let waits = RefCell::new(Vec::new());
    let events = object.maps().find(|map| map.name() == "EVENTS").unwrap();
    let mut ring = RingBufferBuilder::new();
    ring.add(&events, |event| {
        waits.borrow_mut().push(Wait::parse(event));
        0
    })
    .unwrap();
    let ring = ring.build().unwrap();
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(5));
        ring.consume().unwrap();
    }
    drop(links);
    // This thread has been woken each time, and the kernel says what it is called.
    // SAFETY: the call has no conditions and cannot fail.
    let own = unsafe { libc::gettid() } as u32;
    let comm = fs::read_to_string("/proc/thread-self/comm").unwrap();
    drop(ring);
    let waits = waits.into_inner();
    let own: Vec<&Wait> = waits.iter().filter(|wait| wait.tid == own).collect();
    assert!(own.len() >= 10, "{waits:?}");
    for wait in own {
        assert_eq!(wait.comm, comm.trim_end(), "{wait:?}");
        assert!(
            wait.ns < 10_000_000_000 && wait.prev_tid != wait.tid,
            "{wait:?}"
        );
    }
    assert!(waits.iter().all(|wait| wait.tid != 0), "{waits:?}");
}

const OF_RUNQSLOWER: [&str; 11] = [
    "btf_trace_sched_switch_ctx.next",
    "btf_trace_sched_switch_ctx.preempt",
    "btf_trace_sched_switch_ctx.prev",
    "btf_trace_sched_switch_ctx.prev_state",
    "btf_trace_sched_wakeup_ctx.p",
    "btf_trace_sched_wakeup_new_ctx.p",
    "task_struct.comm",
    "task_struct.pid",
    "task_struct.state",
    "task_struct.tgid",
    // What only a later one of the kernels has is of a flavour.
    "task_struct___kernel_1.__state",
];

const OF_UNLINKSNOOP: [&str; 5] = [
    "btf_fentry_vfs_unlink_ctx.dentry",
    "btf_fexit_vfs_unlink_ctx.dentry",
    "btf_fexit_vfs_unlink_ctx.ret",
    "dentry.d_name",
    "qstr.name",
];

/// All that the programs read of their contexts and of the kernel's structs.
fn relocated(bytes: &[u8]) -> Vec<String> {
    let object = ObjectFile::parse(bytes).unwrap();
    let mut fields: Vec<String> = object
        .relocations()
        .iter()
        .map(|relocation| {
            let root = object.btf().get(relocation.type_id).unwrap().name();
            let steps = object.steps(relocation).unwrap_or_default();
            match steps.last() {
                Some(Step::Member { name, .. }) => format!("{root}.{name}"),
                _ => root.to_owned(),
            }
        })
        .collect();
    fields.sort();
    fields.dedup();
    fields
}

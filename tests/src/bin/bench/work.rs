//! What is measured: a step each, in a process of its own.

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::render;
use ctxgen_build::Builder;
use ctxgen_build::Vmlinux;
use ctxgen_tests::workspace;
use libbpf_cargo::SkeletonBuilder;

/// The first argument of a step's process.
pub(crate) const CHILD: &str = "--step";

/// The samples that are compiled, and the one that a whole build script is for.
const SAMPLES: [&str; 8] = [
    "mprotect_guard",
    "opensnoop",
    "rawtp",
    "runqslower",
    "taskdump",
    "tcpconnlat",
    "tinycc",
    "unlinksnoop",
];
const SAMPLE: &str = "unlinksnoop";
const HOOKS: [&str; 2] = ["fentry/vfs_unlink", "fexit/vfs_unlink"];
const TARGET: &str = "x86_64-unknown-linux-gnu";

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

fn source(sample: &str) -> PathBuf {
    workspace().join(format!("example-bpf/src/bpf/{sample}.bpf.c"))
}

/// Builds the samples with either header, for the steps that start from there.
pub(crate) fn prepare(folder: &Path, btf: &Path) -> Result {
    for (name, vmlinux) in [("trimmed", Vmlinux::Trimmed), ("full", Vmlinux::Full)] {
        Builder::new()
            .sources(SAMPLES.map(source))
            .btf(btf)
            .target(TARGET)
            .vmlinux(vmlinux)
            .out_dir(folder.join(name))
            .generate()?;
    }
    Ok(())
}

/// The process that does a step.
pub(crate) fn child(step: &str, folder: &Path, btf: &Path) -> Command {
    let program = std::env::current_exe().unwrap_or_default();
    let mut command = Command::new(program);
    command.arg(CHILD).arg(step).arg(folder).arg(btf);
    command
}

/// Does a step.
pub(crate) fn run(args: &[OsString]) -> Result {
    let [step, folder, btf] = args else {
        return Err("a step, a folder and a BTF".into());
    };
    let (folder, btf) = (Path::new(folder), Path::new(btf));
    match step.to_str() {
        Some("headers") => headers(folder, btf),
        Some("bpftool") => bpftool(&folder.join("bpftool.h"), btf),
        Some("clang-trimmed") => clang(&folder.join("trimmed/include")),
        Some("clang-full") => clang(&folder.join("full/include")),
        Some("bindings") => bindings(btf),
        Some("bindgen") => bindgen_for_task(&folder.join("full/include/vmlinux.h")),
        Some("script") => script(btf),
        Some("reference-script") => reference_script(folder, btf),
        _ => Err(format!("there is no step {step:?}").into()),
    }
}

fn contexts(kernel: &KernelBtf) -> Result<Vec<Context>> {
    let hooks = HOOKS.iter().map(|hook| hook.parse::<Hook>());
    let contexts = hooks.map(|hook| Ok(Context::of_hook(kernel, &hook?)?));
    contexts.collect()
}

/// `ctx.h`, and a `vmlinux.h` with what the preprocessed sample names.
fn headers(folder: &Path, btf: &Path) -> Result {
    let kernel = KernelBtf::from_path(btf)?;
    let ctx = CtxBtf::new(&kernel, contexts(&kernel)?)?;
    let out = folder.join("headers");
    std::fs::create_dir_all(&out)?;
    let header = render::header(&ctx)?;
    std::fs::write(out.join("ctx.h"), &header)?;
    let text = std::fs::read_to_string(source(SAMPLE))?;
    let mut names = Names::new();
    names.add_preprocessed(&header, &[]);
    names.add_preprocessed(&text, &[]);
    std::fs::write(out.join("vmlinux.h"), render::vmlinux_for(&kernel, &names)?)?;
    Ok(())
}

fn bpftool(header: &Path, btf: &Path) -> Result {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian has it where only root's search path goes.
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    let mut command = Command::new("bpftool");
    command
        .env("PATH", std::env::join_paths(folders)?)
        .args(["btf", "dump", "file"])
        .arg(btf)
        .args(["format", "c"])
        .stdout(File::create(header)?);
    succeed(&mut command)
}

fn clang(include: &Path) -> Result {
    for sample in SAMPLES {
        let mut command = Command::new("clang");
        command
            .args(["-g", "-O2", "-Wall", "-target", "bpfel", "-mcpu=v3"])
            .args(["-fno-stack-protector", "-fms-extensions"])
            .args(["-Wno-microsoft-anon-tag", "-D__TARGET_ARCH_x86", "-isystem"])
            .arg(include)
            .arg("-c")
            .arg(source(sample))
            .args(["-o", "/dev/null"]);
        succeed(&mut command)?;
    }
    Ok(())
}

fn bindings(btf: &Path) -> Result {
    let kernel = KernelBtf::from_path(btf)?;
    let ctx = CtxBtf::new(&kernel, contexts(&kernel)?)?;
    let text = ctxgen_build::bindings(&ctx, SAMPLE)?;
    assert!(text.contains("pub struct btf_fexit_vfs_unlink_ctx"));
    Ok(())
}

fn bindgen_for_task(vmlinux: &Path) -> Result {
    let bindings = bindgen::Builder::default()
        .header(vmlinux.display().to_string())
        .clang_args(["--target=bpfel", "-fms-extensions"])
        .allowlist_type("task_struct")
        .generate()?;
    assert!(bindings.to_string().contains("pub struct task_struct"));
    Ok(())
}

/// What the `build.rs` of a package with this one sample does.
fn script(btf: &Path) -> Result {
    let out = tempfile::tempdir()?;
    Builder::new()
        .source(source(SAMPLE))
        .btf(btf)
        .target(TARGET)
        .out_dir(out.path())
        .generate()?;
    Ok(())
}

/// What it does without ctxgen: bpftool's header, libbpf-cargo's skeleton, and bindings of a kernel
/// type. The contexts, which nothing else makes, are there already.
fn reference_script(folder: &Path, btf: &Path) -> Result {
    let out = tempfile::tempdir()?;
    let vmlinux = out.path().join("vmlinux.h");
    bpftool(&vmlinux, btf)?;
    std::fs::copy(folder.join("full/include/ctx.h"), out.path().join("ctx.h"))?;
    let include = |path: &Path| OsString::from(format!("-I{}", path.display()));
    SkeletonBuilder::new()
        .source(source(SAMPLE))
        .obj(out.path().join("sample.bpf.o"))
        .clang_args([
            include(out.path()),
            include(&folder.join("full/include")),
            "-D__TARGET_ARCH_x86".into(),
            "-fms-extensions".into(),
            "-Wno-microsoft-anon-tag".into(),
        ])
        .build_and_generate(out.path().join("sample.skel.rs"))?;
    bindgen_for_task(&vmlinux)
}

fn succeed(command: &mut Command) -> Result {
    let status = command.status()?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{command:?} ended with {status}").into()),
    }
}

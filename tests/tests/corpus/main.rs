//! The programs of `tests/corpus` become the same with the trimmed `vmlinux.h` as with the full one.
//!
//! They are written after the manner of real tools: each kind of program, the macros of libbpf's
//! headers, CO-RE in all its forms. A line at the top of each says which kernels have what it needs.

mod compare;
mod everything;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use ctxgen::Arch;
use ctxgen::KernelBtf;
use ctxgen::object::ObjectFile;
use ctxgen::object::Relocation;
use ctxgen::object::RelocationKind;
use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Vmlinux;
use ctxgen_tests::Clang;
use ctxgen_tests::Program;
use ctxgen_tests::VARIED;
use ctxgen_tests::clangs;
use ctxgen_tests::corpus;
use ctxgen_tests::full;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::trimmed::CORPUS;
use ctxgen_tests::trimmed::CORPUS_KERNEL;
use ctxgen_tests::workspace;

use crate::compare::Summary;

/// What programs are built for, and with which compiler.
struct Target<'a> {
    btf: &'a Path,
    arch: Arch,
    clang: &'a Clang,
    args: &'a [&'a str],
}

fn build(target: &Target<'_>, out: &Path, sources: &[&Path], vmlinux: Vmlinux) -> Artifacts {
    let Target {
        btf,
        arch,
        clang,
        args,
    } = target;
    let mut include = std::ffi::OsString::from("-I");
    include.push(workspace().join("tests/corpus"));
    Builder::new()
        .sources(sources)
        .btf(btf)
        .clang(&clang.path)
        .target(format!("{}-unknown-linux-gnu", arch.rust_name()))
        .clang_args([include])
        .clang_args(*args)
        .out_dir(out)
        .vmlinux(vmlinux)
        .generate()
        .unwrap_or_else(|error| panic!("{}, {clang}: {error}", btf.display()))
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Builds each program for a kernel both ways; the names of those that were compared.
fn check(name: &str, release: &str, btf: &Path, clang: &Clang) -> BTreeSet<String> {
    let kernel = KernelBtf::from_path(btf).unwrap();
    let arch = kernel.arch().unwrap();
    let programs: Vec<Program> = corpus()
        .into_iter()
        .filter(|program| program.fits(name, release, &kernel))
        .collect();
    drop(kernel);
    let args = &[];
    let target = Target {
        btf,
        arch,
        clang,
        args,
    };
    let name = &format!("{name}, {clang}");

    let out = tempfile::tempdir().unwrap();
    let sources: Vec<&Path> = programs.iter().map(|program| &*program.path).collect();
    let everything = build(&target, &out.path().join("full"), &sources, Vmlinux::Full);
    assert_eq!(everything.warnings, [""; 0], "{name}");
    let with_all: BTreeMap<&str, &PathBuf> = everything
        .objects
        .iter()
        .map(|object| (&*object.name, &object.object))
        .collect();

    let waiting = Mutex::new(programs.iter());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                loop {
                    let next = waiting.lock().unwrap().next();
                    let Some(program) = next else { break };
                    // Alone, so that no other program's names help it.
                    let out = out.path().join(&program.name);
                    let trimmed = build(&target, &out, &[&program.path], Vmlinux::Trimmed);
                    // A header that lacks something would be said here.
                    assert_eq!(trimmed.warnings, [""; 0], "{} on {name}", program.name);
                    let [ours, full] = [&trimmed.objects[0].object, with_all[&*program.name]]
                        .map(|path| Summary::of(&read(path)));
                    ours.assert_same(&full, &format!("{} on {name}", program.name));
                }
            });
        }
    });
    programs.into_iter().map(|program| program.name).collect()
}

fn all_names() -> BTreeSet<String> {
    let programs = corpus();
    assert!(programs.len() >= 30, "{}", programs.len());
    programs.into_iter().map(|program| program.name).collect()
}

fn release(name: &str) -> &str {
    name.split_once('-').map_or(name, |(release, _)| release)
}

#[test]
fn on_the_kernel_shipped_with_it() {
    let btf = workspace().join(format!("tests/fixtures/corpus/{CORPUS}.btf"));
    for clang in clangs("the corpus") {
        let compared = check(CORPUS, release(CORPUS_KERNEL), &btf, clang);
        assert_eq!(compared, all_names());
    }
}

#[test]
fn on_full_kernels() {
    const WHAT: &str = "the corpus on full kernels";
    let kernels = full(WHAT);
    // What the header lacks does not depend on the compiler: each kernel has its turn of them.
    let turns = clangs(WHAT).iter().cycle();
    for (name, clang) in VARIED.into_iter().zip(turns) {
        let Some(kernel) = kernels.iter().find(|kernel| kernel.name == name) else {
            continue;
        };
        let compared = check(name, release(name), &kernel.btf, clang);
        if name == CORPUS_KERNEL {
            assert_eq!(compared, all_names());
        }
    }
}

#[test]
fn on_the_running_kernel() {
    let Some(kernel) = running("the corpus on the running kernel") else {
        return;
    };
    let release_file = "/proc/sys/kernel/osrelease";
    let running_release = std::fs::read_to_string(release_file).unwrap();
    let clang = Clang::of_builds();
    let release = release(running_release.trim());
    check(&kernel.name, release, &kernel.btf, clang);
}

/// The contexts that all kernels of an architecture have the same (`include/uapi/linux/bpf.h` and
/// `bpf_perf_event.h`, `arch/x86/include/uapi/asm/ptrace.h`).
const FIXED: [&str; 15] = [
    "__sk_buff",
    "bpf_cgroup_dev_ctx",
    "bpf_perf_event_data",
    "bpf_raw_tracepoint_args",
    "bpf_sk_lookup",
    "bpf_sock",
    "bpf_sock_addr",
    "bpf_sock_ops",
    "bpf_sockopt",
    "bpf_sysctl",
    "pt_regs",
    "sk_msg_md",
    "sk_reuseport_md",
    "user_pt_regs",
    "xdp_md",
];

/// The fields that an object has relocated, apart from those of such contexts.
fn relocated(object: &Path) -> Vec<String> {
    let object = ObjectFile::parse(&read(object)).unwrap();
    let relocations = object.relocations().iter().filter_map(|relocation| {
        let name = object.btf().get(relocation.type_id)?.name().to_owned();
        let is_wanted = relocation.kind != RelocationKind::TypeIdLocal && !FIXED.contains(&&*name);
        let Relocation {
            section, access, ..
        } = relocation;
        is_wanted.then(|| format!("{section}: {:?} {name} {access}", relocation.kind))
    });
    let mut relocations: Vec<String> = relocations.collect();
    relocations.sort();
    relocations
}

/// What contexts have instead of relocations takes none from any other struct.
#[test]
fn static_offsets_take_no_relocations() {
    const WHAT: &str = "relocations beside contexts without any";
    let Some(clang) = clangs(WHAT)
        .iter()
        .find(|clang| clang.keeps_static_offsets())
    else {
        return skip(WHAT, "no clang here knows the attribute");
    };
    let btf = workspace().join(format!("tests/fixtures/corpus/{CORPUS}.btf"));
    let programs = corpus();
    let sources: Vec<&Path> = programs.iter().map(|program| &*program.path).collect();
    let out = tempfile::tempdir().unwrap();
    let built = ["", "-DBPF_NO_PRESERVE_STATIC_OFFSET"].map(|arg| {
        let arch = KernelBtf::from_path(&btf).unwrap().arch().unwrap();
        let args: Vec<&str> = [arg].into_iter().filter(|arg| !arg.is_empty()).collect();
        let (btf, args) = (&*btf, &*args);
        let target = Target {
            btf,
            arch,
            clang,
            args,
        };
        build(
            &target,
            &out.path().join(format!("out{arg}")),
            &sources,
            Vmlinux::Trimmed,
        )
    });
    let mut fewer = 0;
    for (with, without) in built[0].objects.iter().zip(&built[1].objects) {
        assert_eq!(
            relocated(&with.object),
            relocated(&without.object),
            "{}",
            with.name
        );
        let count = |path: &Path| ObjectFile::parse(&read(path)).unwrap().relocations().len();
        fewer += usize::from(count(&with.object) < count(&without.object));
    }
    assert!(fewer > 0, "no context lost its relocations");
}

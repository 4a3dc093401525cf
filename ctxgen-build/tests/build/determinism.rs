//! The same sources and kernel give the same bytes, wherever they are built.

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use ctxgen_build::Builder;
use tempfile::TempDir;

use crate::support::Child;
use crate::support::INCLUDES;
use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;

/// Inlined functions, of headers near and far, put the paths of those into an object's line
/// information; `__FILE__` puts one into its data.
const PROGRAM: &str = "
#include \"own.h\"
#include <shared.h>

const char here[] = __FILE__;

SEC(\"lsm/file_open\")
int prog(struct btf_lsm_file_open_ctx *ctx)
{
	bpf_tail_call_static(ctx, &jumps, 1);
	return own(ctx) + shared(ctx->file);
}
";

const OWN: &str = "
struct {
	__uint(type, 3);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(\".maps\");

static __always_inline int own(struct btf_lsm_file_open_ctx *ctx)
{
	return ctx_get(ctx, ret) * 3;
}
";

const SHARED: &str = "
static __always_inline int shared(struct file *file)
{
	return file->f_flags * 5;
}
";

fn project() -> Project {
    let project = Project::new();
    project.file("src/prog.bpf.c", &format!("{INCLUDES}{PROGRAM}"));
    project.file("src/own.h", OWN);
    project.file("shared/shared.h", SHARED);
    project
}

/// All files below a folder, by their path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(folder).unwrap().to_owned();
                    files.insert(name, std::fs::read(&path).unwrap());
                }
            }
        }
    }
    files
}

/// The names of the files that have one of these in them.
fn with_any<'f>(
    files: &'f BTreeMap<PathBuf, Vec<u8>>,
    needles: &[&str],
) -> Vec<(&'f Path, String)> {
    let mut found = Vec::new();
    for (name, bytes) in files {
        for needle in needles {
            let at = bytes
                .windows(needle.len())
                .position(|window| window == needle.as_bytes());
            if let Some(at) = at {
                let around = &bytes[at.saturating_sub(60)..bytes.len().min(at + 100)];
                found.push((&**name, String::from_utf8_lossy(around).into_owned()));
            }
        }
    }
    found
}

fn same(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>) {
    assert!(one.keys().eq(other.keys()));
    let differing: Vec<_> = one
        .iter()
        .filter(|(name, bytes)| other[*name] != **bytes)
        .map(|(name, _)| name)
        .collect();
    assert!(differing.is_empty(), "{differing:?} differ");
}

/// What every path on this machine that is none of the system's begins with here.
fn marks(project: &Project, out: &Path) -> Vec<String> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    [
        project.root(),
        out,
        manifest,
        Path::new(env!("CARGO_TARGET_TMPDIR")),
    ]
    .map(|path| path.display().to_string())
    .to_vec()
}

fn no_paths(made: &BTreeMap<PathBuf, Vec<u8>>, project: &Project, out: &Path) {
    let marks = marks(project, out);
    let mut marks: Vec<&str> = marks.iter().map(String::as_str).collect();
    // Parts of them, where a path was made relative to another.
    marks.extend([
        "ctxgen-package-",
        "ctxgen-out-",
        "ctxgen-build",
        "kernel-bpf",
    ]);
    assert_eq!(with_any(made, &marks), []);
}

/// Who builds, and when.
#[derive(Clone, Copy, Debug)]
struct Builds {
    home: &'static str,
    zone: &'static str,
    language: &'static str,
    umask: libc::mode_t,
    /// Seconds since 1970 by which tools that follow the convention take the time.
    epoch: Option<&'static str>,
    jobs: &'static str,
    relocatable: bool,
    pinned: bool,
}

const HERE: Builds = Builds {
    home: "/root",
    zone: "UTC",
    language: "C",
    umask: 0o022,
    epoch: None,
    jobs: "1",
    relocatable: false,
    pinned: false,
};

const ELSEWHERE: Builds = Builds {
    home: "/nowhere",
    zone: "Pacific/Kiritimati",
    language: "de_DE.UTF-8",
    umask: 0o077,
    epoch: Some("86400"),
    jobs: "7",
    ..HERE
};

/// Builds in one of cargo's build scripts.
fn build_script(test: &str, out: Option<&Path>) -> BTreeMap<PathBuf, Vec<u8>> {
    build_script_of(test, out, HERE)
}

fn build_script_of(test: &str, out: Option<&Path>, who: Builds) -> BTreeMap<PathBuf, Vec<u8>> {
    let project = project();
    let shared = project.path("shared");
    let mut child = Child::new(test, &project)
        .env("HOME", who.home)
        .env("TZ", who.zone)
        .env("LC_ALL", who.language)
        .env("NUM_JOBS", who.jobs)
        .env("UMASK", who.umask.to_string());
    if let Some(epoch) = who.epoch {
        child = child.env("SOURCE_DATE_EPOCH", epoch);
    }
    if who.relocatable {
        child = child.env("RELOCATABLE", "1");
    }
    if who.pinned {
        let builder = project.builder().source(project.path("src/prog.bpf.c"));
        let builder = builder.clang_args([format!("-I{}", shared.display())]);
        builder.pin(project.path("btf/x86_64.btf")).unwrap();
        child = child.without("CTXGEN_BTF");
    }
    let inside = project.path("target/debug/build/prog-0123abcd/out");
    let out = out.unwrap_or(&inside);
    child
        .out_dir(out)
        .env("SHARED", &shared)
        .build(|| {
            let shared = std::env::var("SHARED").unwrap();
            let umask = std::env::var("UMASK").unwrap().parse().unwrap();
            // SAFETY: the call has no conditions and cannot fail.
            unsafe { libc::umask(umask) };
            Builder::new()
                .relocatable(std::env::var_os("RELOCATABLE").is_some())
                .source("src/prog.bpf.c")
                .clang_args([format!("-I{shared}")])
        })
        .unwrap();
    let made = files(out);
    assert!(made.contains_key(Path::new("prog.bpf.o")));
    no_paths(&made, &project, out);
    made
}

fn outside() -> TempDir {
    tempfile::Builder::new()
        .prefix("ctxgen-out-")
        .tempdir()
        .unwrap()
}

#[test]
fn a_build_script_in_two_places() {
    let test = "determinism::a_build_script_in_two_places";
    let first = build_script(test, None);
    let second = build_script(test, None);
    same(&first, &second);
    // As with CARGO_TARGET_DIR, or in a workspace.
    let out = outside();
    same(&first, &build_script(test, Some(out.path())));
}

/// Whoever builds it, wherever and whenever, from the kernel's BTF or from what is pinned of it.
#[test]
fn by_anyone_at_any_time() {
    let test = "determinism::by_anyone_at_any_time";
    for relocatable in [false, true] {
        let of = |who: Builds, out: Option<&Path>| {
            build_script_of(test, out, Builds { relocatable, ..who })
        };
        let out = outside();
        let first = of(HERE, None);
        for name in [
            "ctx.btf",
            "include/ctx.h",
            "include/vmlinux.h",
            "prog.bpf.o",
            "prog.rs",
            "prog.skel.rs",
        ] {
            assert!(first.contains_key(Path::new(name)), "{name}");
        }
        same(&first, &of(ELSEWHERE, Some(out.path())));

        // The contexts' BTF continues the kernel's, and that is another file here.
        let pinned = Builds {
            pinned: true,
            ..HERE
        };
        let without = |mut made: BTreeMap<PathBuf, Vec<u8>>| {
            made.remove(Path::new("ctx.btf"));
            made
        };
        let made = of(pinned, None);
        let out = outside();
        let elsewhere = Builds {
            pinned: true,
            ..ELSEWHERE
        };
        same(&made, &of(elsewhere, Some(out.path())));
        same(&without(first), &without(made));
    }
}

#[test]
fn outside_of_a_build_script() {
    for order in Order::BOTH {
        let made = || {
            let project = project();
            let out = outside();
            project
                .builder_for(order)
                .source(project.path("src/prog.bpf.c"))
                .out_dir(out.path())
                .clang_args(["-I".into(), project.path("shared")])
                .generate()
                .unwrap();
            let made = files(out.path());
            no_paths(&made, &project, out.path());
            made
        };
        same(&made(), &made());
    }
}

#[test]
fn over_an_older_build() {
    let project = project();
    let build = || {
        project
            .prog()
            .clang_args([format!("-I{}", project.path("shared").display())])
            .generate()
            .unwrap();
        files(&project.path("out"))
    };
    let first = build();
    // Leftovers of another version of everything.
    for name in first.keys() {
        std::fs::write(project.path("out").join(name), "old").unwrap();
    }
    same(&first, &build());
}

#[test]
fn the_order_of_sources_does_not_matter() {
    let project = Project::new();
    let sources = ["a", "b", "c"].map(|name| {
        let text = format!(
            "{INCLUDES}SEC(\"lsm/file_open\") int {name}(struct btf_lsm_file_open_ctx *ctx)\n\
             {{ return 0; }}\n"
        );
        project.file(&format!("{name}.bpf.c"), &text)
    });
    let build = |sources: Vec<&PathBuf>| {
        let out = outside();
        let builder = project.builder().sources(sources).out_dir(out.path());
        builder.generate().unwrap();
        files(out.path())
    };
    let forward = build(sources.iter().collect());
    same(&forward, &build(sources.iter().rev().collect()));
}

#[test]
fn where_the_kernel_btf_is_does_not_matter() {
    let project = Project::with("struct btf_lsm_file_open_ctx;\n");
    let copy = project.path("elsewhere.btf");
    std::fs::copy(kernel(Order::Little), &copy).unwrap();
    let build = |btf: &Path| {
        let out = outside();
        let builder = project.prog().btf(btf).out_dir(out.path());
        builder.generate().unwrap();
        files(out.path())
    };
    same(&build(kernel(Order::Little)), &build(&copy));
}

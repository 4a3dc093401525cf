//! `ctxgen header`, `ctxgen build` and `ctxgen btf` in projects without Cargo.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::time::Duration;
use std::time::SystemTime;

use tempfile::TempDir;

const SOURCE: &str = "#include \"vmlinux.h\"
#include \"ctx.h\"
#include <bpf/bpf_helpers.h>
#include \"own.h\"

char LICENSE[] SEC(\"license\") = \"GPL\";

SEC(\"tp_btf/sched_switch\")
int on_switch(struct btf_trace_sched_switch_ctx *ctx)
{
	return ctx->next->pid + OWN;
}
";

fn kernel() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    workspace.join("tests/fixtures/corpus/corpus-x86_64.btf")
}

/// A project with one source and a header of its own.
fn project() -> TempDir {
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("src")).unwrap();
    fs::write(project.path().join("src/prog.bpf.c"), SOURCE).unwrap();
    fs::write(project.path().join("src/own.h"), "#define OWN 1\n").unwrap();
    project
}

/// Runs the command there, as it is called outside of cargo.
fn ctxgen(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command
        .current_dir(folder)
        .env_remove("CTXGEN_BTF")
        .env_remove("CARGO_MANIFEST_DIR")
        .env("CTXGEN_BTF", kernel())
        .args(args);
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn done(folder: &Path, args: &[&str]) {
    let output = ctxgen(folder, args);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    assert_eq!(text(&output.stderr), "");
}

/// The files below a folder with their times of change.
fn times(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let mut times = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => times.push((
                    path.clone(),
                    fs::metadata(path).unwrap().modified().unwrap(),
                )),
            }
        }
    }
    times.sort();
    times
}

/// Clang with the arguments in the file that `header` has written.
fn compiled(folder: &Path, object: &str) -> Output {
    let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
    let mut command = Command::new(clang);
    command.current_dir(folder);
    command.args(["@include/prog.args", "-c", "src/prog.bpf.c", "-o", object]);
    command.output().unwrap()
}

#[test]
fn headers_of_sources() {
    let project = project();
    let folder = project.path();
    let args = [
        "header",
        "-o",
        "include",
        "src/prog.bpf.c",
        "--depfile",
        "deps/ctx.d",
    ];
    done(folder, &args);
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    assert!(read("include/ctx.h").contains("struct btf_trace_sched_switch_ctx {"));
    assert!(read("include/vmlinux.h").contains("struct task_struct {"));
    done(
        folder,
        &[
            "header",
            "-o",
            "full",
            "src/prog.bpf.c",
            "--vmlinux",
            "full",
        ],
    );
    assert!(read("include/vmlinux.h").len() * 3 < read("full/vmlinux.h").len());
    assert!(read("include/bpf/bpf_helpers.h").contains("SEC"));
    let rule = read("deps/ctx.d");
    assert!(rule.starts_with("include/ctx.h: \\\n"), "{rule}");
    for file in [" src/prog.bpf.c", " src/own.h", "corpus-x86_64.btf"] {
        assert!(rule.contains(file), "{file}: {rule}");
    }
    assert!(!rule.contains("include/vmlinux.h"), "{rule}");

    let output = compiled(folder, "prog.bpf.o");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn what_is_the_same_is_not_written() {
    let project = project();
    let folder = project.path();
    let header = ["header", "-o", "include", "src/prog.bpf.c"];
    let build = ["build", "-o", "build", "src/prog.bpf.c"];
    for (args, made, option) in [
        (&header[..], "include", "-Iinclude"),
        (&build[..], "build", "-Ibuild/include"),
    ] {
        done(folder, args);
        let first = times(&folder.join(made));
        assert!(first.len() > 10);
        std::thread::sleep(Duration::from_millis(20));
        done(folder, args);
        // The headers that are there are found by the user's own options too.
        done(folder, &[args, &["--", option]].concat());
        let is_record = |path: &Path| path.extension().is_some_and(|name| name == "inputs");
        let plain = |times: Vec<(PathBuf, SystemTime)>| -> Vec<_> {
            times
                .into_iter()
                .filter(|(path, _)| !is_record(path))
                .collect()
        };
        assert_eq!(plain(times(&folder.join(made))), plain(first));
    }
}

/// A source that defines a type of the kernel's itself is compiled with the macros that say so.
#[test]
fn types_of_the_sources_own() {
    let project = project();
    let folder = project.path();
    let own = "struct rq { int mine; };\nstatic int of(struct rq *rq) { return rq->mine; }\n#define OWN 1\n";
    fs::write(folder.join("src/own.h"), own).unwrap();
    done(folder, &["header", "-o", "include", "src/prog.bpf.c"]);
    let output = compiled(folder, "prog.bpf.o");
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn build_makes_a_checked_object() {
    let project = project();
    let folder = project.path();
    done(
        folder,
        &[
            "build",
            "-o",
            "build",
            "src/prog.bpf.c",
            "--depfile",
            "build/prog.d",
        ],
    );
    let rule = fs::read_to_string(folder.join("build/prog.d")).unwrap();
    assert!(rule.starts_with("build/prog.bpf.o: \\\n"), "{rule}");
    let args = ["check", "build/prog.bpf.o", "--btf"];
    let output = ctxgen(folder, &[&args[..], &[kernel().to_str().unwrap()]].concat());
    assert!(output.status.success(), "{}", text(&output.stdout));
    for absent in ["prog.skel.rs", "prog.ctx.rs", "prog.rs"] {
        assert!(!folder.join("build").join(absent).exists(), "{absent}");
    }

    let wrong = SOURCE.replace("tp_btf/sched_switch", "tp_btf/sched_wakeup");
    fs::write(folder.join("src/wrong.bpf.c"), wrong).unwrap();
    let output = ctxgen(folder, &["build", "-o", "build", "src/wrong.bpf.c"]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(
        said.starts_with("error: src/wrong.bpf.c: program on_switch, SEC(\"tp_btf/sched_wakeup\")"),
        "{said}"
    );
}

#[test]
fn one_object_of_several_sources() {
    let project = project();
    let folder = project.path();
    let other = SOURCE
        .replace("on_switch", "on_other")
        .replace("char LICENSE[] SEC(\"license\") = \"GPL\";", "");
    fs::write(folder.join("src/other.bpf.c"), other).unwrap();
    let sources = ["src/prog.bpf.c", "src/other.bpf.c"];
    done(
        folder,
        &[&["build", "-o", "build", "--name", "tool"], &sources[..]].concat(),
    );
    let object = fs::read(folder.join("build/tool.bpf.o")).unwrap();
    let object = ctxgen::object::ObjectFile::parse(&object).unwrap();
    let programs: Vec<_> = object
        .programs()
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(programs, ["on_switch", "on_other"]);
}

/// What the builder says of its methods, the command says of its options.
#[test]
fn errors_name_options() {
    let project = project();
    let folder = project.path();
    fs::write(folder.join("src/-.c"), SOURCE).unwrap();
    for (args, says) in [
        (
            &["header", "-o", "h", "src/prog.bpf.c", "--btf", "none.btf"][..],
            "(from --btf)",
        ),
        (
            &["build", "-o", "b", "src/prog.bpf.c", "--clang", "/no/clang"],
            "name it with --clang or the CLANG variable",
        ),
        (
            &[
                "build",
                "-o",
                "b",
                "src/prog.bpf.c",
                "--target",
                "aarch64-unknown-linux-gnu",
            ],
            "or build for x86_64 with --target \"x86_64-unknown-linux-gnu\"",
        ),
        (
            &[
                "build",
                "-o",
                "b",
                "src/prog.bpf.c",
                "--hook",
                "lsm/file_opn",
            ],
            "--hook \"lsm/file_opn\": ",
        ),
        (&["build", "-o", "b", "src/-.c"], "with --name NAME"),
        (&["header", "-o", "b", "src/gone.c"], "cannot read "),
    ] {
        let output = ctxgen(folder, args);
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let said = text(&output.stderr);
        assert!(said.contains(says), "{args:?}: {said}");
        assert!(!said.contains("Builder::"), "{args:?}: {said}");
    }
}

/// The BTF for loaders has what the program reads where each kernel has it.
#[test]
fn btf_of_several_kernels() {
    let project = project();
    let folder = project.path();
    let source = "#include \"vmlinux.h\"\n#include \"ctx.h\"\n\
                  #define SEC(name) __attribute__((section(name), used))\n\
                  char LICENSE[] SEC(\"license\") = \"GPL\";\n\
                  SEC(\"fexit/vfs_unlink\") int gone(struct btf_fexit_vfs_unlink_ctx *ctx)\n\
                  { return ctx_get(ctx, ret); }\n";
    fs::write(folder.join("src/gone.bpf.c"), source).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures");
    let paths = ["5.10-x86_64", "6.1-x86_64"].map(|name| fixtures.join(format!("{name}.btf")));
    let [old, new] = paths.each_ref().map(|path| path.to_str().unwrap());
    let kernels = ["--btf", old, "--btf", new];
    let source = [
        "build",
        "--relocatable",
        "-o",
        "build",
        "src/gone.bpf.c",
        "--vmlinux",
        "full",
    ];
    let output = ctxgen(folder, &[&source[..], &kernels].concat());
    // That the prototypes differ is a warning.
    let said = text(&output.stderr);
    assert!(
        output.status.success() && said.starts_with("warning: fexit/vfs_unlink"),
        "{said}"
    );

    done(
        folder,
        &[&["btf", "build/gone.bpf.o", "-o", "min"], &kernels[..]].concat(),
    );
    done(
        folder,
        &["btf", "build/gone.bpf.o", "--btf", old, "-o", "min/one.btf"],
    );
    let read = |name: &str| fs::read(folder.join("min").join(name)).unwrap();
    assert_eq!(read("5.10-x86_64.btf"), read("one.btf"));
    for (name, bits) in [("5.10-x86_64.btf", 3 * 64), ("6.1-x86_64.btf", 4 * 64)] {
        let bytes = read(name);
        assert!(bytes.len() < 2048, "{}", bytes.len());
        let btf = ctxgen::btf::Btf::parse(&bytes).unwrap();
        let context = btf
            .types()
            .find(|ty| ty.name() == "btf_fexit_vfs_unlink_ctx");
        let ctxgen::btf::Kind::Struct(composite) = context.unwrap().kind() else {
            panic!("no struct");
        };
        let ret = composite.members().find(|member| member.name == "ret");
        assert_eq!(ret.unwrap().bit_offset, bits, "{name}");
    }
    // Both programs' needs in one.
    done(
        folder,
        &[
            "btf",
            "build/gone.bpf.o",
            "build/gone.bpf.o",
            "--btf",
            old,
            "-o",
            "both.btf",
        ],
    );

    let missing = ctxgen(
        folder,
        &["btf", "src/gone.bpf.c", "-o", "x.btf", "--btf", old],
    );
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing.stderr).contains("src/gone.bpf.c"),
        "{}",
        text(&missing.stderr)
    );
}

/// Programs whose hooks a kernel lacks are named, since their loader has to leave them out.
#[test]
fn btf_names_what_a_kernel_lacks() {
    let project = project();
    let folder = project.path();
    done(
        folder,
        &["build", "--relocatable", "-o", "build", "src/prog.bpf.c"],
    );
    let old = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/hostile/number-without-size.btf");
    let old = old.to_str().unwrap();
    let output = ctxgen(
        folder,
        &["btf", "build/prog.bpf.o", "-o", "min.btf", "--btf", old],
    );
    let said = text(&output.stderr);
    assert!(
        said.contains("program on_switch, SEC(\"tp_btf/sched_switch\")"),
        "{said}"
    );
}

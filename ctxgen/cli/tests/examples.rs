//! The examples in docs/examples, with the tools that are here. What cannot be tried is said.

use std::ffi::OsStr;
use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;

use tempfile::TempDir;

const CTXGEN: &str = env!("CARGO_BIN_EXE_ctxgen");

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

/// A copy of an example.
fn example(name: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(docs().join("examples").join(name)).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

/// The PATH, with the command and with what Debian has for root.
fn path() -> std::ffi::OsString {
    let own = Path::new(CTXGEN).parent().unwrap().to_owned();
    let all = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&all);
    std::env::join_paths([own].into_iter().chain(all).chain(["/usr/sbin".into()])).unwrap()
}

/// A program in a folder, as outside of cargo, with a kernel's BTF that any build can have.
fn command(folder: &Path, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("PATH", path())
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("MAKEFLAGS")
        .args(args);
    command
}

#[track_caller]
fn run(folder: &Path, program: &str, args: &[&str]) -> String {
    let output = command(folder, program, args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {said}");
    said.into_owned()
}

/// Whether all of these can be used, or why not.
fn can_be_tried(what: &str, programs: &[&[&str]]) -> bool {
    let missing = programs.iter().find(|program| {
        let tried = command(Path::new("/"), program[0], &program[1..])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        !tried.is_ok_and(|status| status.success())
    });
    if let Some(missing) = missing {
        println!("skipped: {what}: `{}` fails here", missing.join(" "));
    }
    let has_btf = Path::new("/sys/kernel/btf/vmlinux").exists();
    if !has_btf {
        println!("skipped: {what}: the running kernel has no BTF");
    }
    missing.is_none() && has_btf
}

const LIBBPF: &[&str] = &["pkg-config", "--exists", "libbpf"];
const BPFTOOL: &[&str] = &["bpftool", "version"];
const MAKE: &[&str] = &["make", "--version"];
const CC: &[&str] = &["cc", "--version"];

/// Runs what was built until it has seen a program that this test executes.
fn sees_programs(execs: &Path) {
    // SAFETY: it takes nothing and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        println!("skipped: to load {}: that takes root", execs.display());
        return;
    }
    let mut child = Command::new(execs)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut messages = BufReader::new(child.stderr.take().unwrap()).lines();
    let ready = messages.find(|line| matches!(line, Ok(line) if line == "execs: ready"));
    assert!(ready.is_some(), "it was not loaded and attached");
    let own = execs.with_file_name("seen");
    fs::copy("/bin/true", &own).unwrap();
    assert!(Command::new(&own).status().unwrap().success());
    let events = BufReader::new(child.stdout.take().unwrap()).lines();
    let _ = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    let name = own.to_str().unwrap().to_owned();
    let seen = events
        .map_while(Result::ok)
        .any(|line| line.ends_with(&name));
    assert!(child.wait().unwrap().success());
    assert!(seen, "{name} was not seen");
}

/// When a file was changed.
fn changed(path: &Path) -> std::time::SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn append(path: &Path, text: &str) {
    let old = fs::read_to_string(path).unwrap();
    fs::write(path, old + text).unwrap();
}

#[test]
fn makefile() {
    if !can_be_tried("the Makefile", &[MAKE, CC, BPFTOOL, LIBBPF]) {
        return;
    }
    let folder = example("execs");
    run(folder.path(), "make", &[]);
    let again = run(folder.path(), "make", &[]);
    assert!(again.contains("Nothing to be done"), "{again}");
    let object = folder.path().join("build/execs.bpf.o");
    let first = fs::read(&object).unwrap();
    // A header that only the BPF source includes by way of another: the depfile knows it.
    append(&folder.path().join("execs.h"), "#define CHANGED 1\n");
    let changed = run(folder.path(), "make", &[]);
    assert!(changed.contains("build -o build"), "{changed}");
    assert_eq!(fs::read(&object).unwrap(), first);
    sees_programs(&folder.path().join("build/execs"));
    run(folder.path(), "make", &["clean"]);
}

#[test]
fn makefile_of_headers_alone() {
    if !can_be_tried("header.mk", &[MAKE, &["clang", "--version"]]) {
        return;
    }
    let folder = example("execs");
    let make = ["-f", "header.mk"];
    run(folder.path(), "make", &make);
    let object = folder.path().join("build/execs.bpf.o");
    let first = changed(&object);
    assert!(run(folder.path(), "make", &make).contains("Nothing to be done"));
    // What the object is made of is the same.
    let _ = Command::new("touch")
        .arg(folder.path().join("build/include/vmlinux.h"))
        .status();
    run(folder.path(), "make", &make);
    assert!(changed(&object) > first);
    let second = changed(&object);
    append(&folder.path().join("execs.h"), "#define CHANGED 1\n");
    run(folder.path(), "make", &make);
    assert!(changed(&object) > second);

    // Of a name that is no identifier.
    let source = folder.path().join("execs.bpf.c");
    fs::rename(source, folder.path().join("all-execs.bpf.c")).unwrap();
    let make = ["-f", "header.mk", "SOURCES=all-execs.bpf.c"];
    run(folder.path(), "make", &make);
    assert!(folder.path().join("build/all-execs.bpf.o").is_file());
    assert!(run(folder.path(), "make", &make).contains("Nothing to be done"));
}

#[test]
fn cmake() {
    if !can_be_tried(
        "CMake",
        &[&["cmake", "--version"], MAKE, CC, BPFTOOL, LIBBPF],
    ) {
        return;
    }
    for generator in ["Unix Makefiles", "Ninja"] {
        if generator == "Ninja" && !can_be_tried("CMake with Ninja", &[&["ninja", "--version"]]) {
            continue;
        }
        let folder = example("execs");
        run(folder.path(), "cmake", &["-G", generator, "-B", "build"]);
        let build = ["--build", "build"];
        run(folder.path(), "cmake", &build);
        let object = folder.path().join("build/execs.bpf.o");
        let first = changed(&object);
        run(folder.path(), "cmake", &build);
        assert_eq!(changed(&object), first, "{generator}");
        append(&folder.path().join("execs.h"), "#define CHANGED 1\n");
        run(folder.path(), "cmake", &build);
        assert!(changed(&object) > first, "{generator}");
        sees_programs(&folder.path().join("build/execs"));
    }
}

#[test]
fn meson() {
    let needs: [&[&str]; 5] = [
        &["meson", "--version"],
        &["ninja", "--version"],
        CC,
        BPFTOOL,
        LIBBPF,
    ];
    if !can_be_tried("Meson", &needs) {
        return;
    }
    let folder = example("execs");
    run(folder.path(), "meson", &["setup", "build"]);
    let compile = ["compile", "-C", "build"];
    run(folder.path(), "meson", &compile);
    let again = run(folder.path(), "meson", &compile);
    assert!(again.contains("no work to do"), "{again}");
    append(&folder.path().join("execs.h"), "#define CHANGED 1\n");
    let changed = run(folder.path(), "meson", &compile);
    assert!(!changed.contains("no work to do"), "{changed}");
    sees_programs(&folder.path().join("build/execs"));
}

/// libbpf alone loads an object with relocatable contexts, with the BTF that the command makes.
#[test]
fn custom_btf() {
    if !can_be_tried("custom-btf", &[CC, LIBBPF]) {
        return;
    }
    let folder = example("custom-btf");
    let dir = folder.path();
    for file in ["execs.bpf.c", "execs.h"] {
        fs::copy(docs().join("examples/execs").join(file), dir.join(file)).unwrap();
    }
    run(
        dir,
        CTXGEN,
        &["build", "--relocatable", "-o", "build", "execs.bpf.c"],
    );
    run(dir, CTXGEN, &["btf", "build/execs.bpf.o", "-o", "min.btf"]);
    let flags = run(dir, "pkg-config", &["--cflags", "--libs", "libbpf"]);
    let mut args = vec!["load.c", "-o", "load", "-Wall", "-Wextra", "-Werror"];
    args.extend(flags.split_whitespace());
    run(dir, "cc", &args);
    // SAFETY: it takes nothing and cannot fail.
    if unsafe { libc::geteuid() } != 0 {
        println!("skipped: to load with min.btf: that takes root");
        return;
    }
    let load = dir.join("load");
    let said = run(
        dir,
        load.to_str().unwrap(),
        &["build/execs.bpf.o", "min.btf"],
    );
    assert_eq!(said, "loaded\nattached on_exec\n");
    // The kernel's own BTF has no contexts.
    let own = ["build/execs.bpf.o", "/sys/kernel/btf/vmlinux"];
    let refused = command(dir, &load, &own).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let left = run(
        dir,
        load.to_str().unwrap(),
        &["build/execs.bpf.o", "min.btf", "on_exec"],
    );
    assert_eq!(left, "loaded\n");
}

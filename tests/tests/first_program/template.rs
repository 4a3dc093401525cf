//! `example-bpf/template`, copied to a folder of its own, is built, loaded, and run until Ctrl-C.

use std::fs;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::user::UserCrate;
use ctxgen_tests::user::stderr;
use ctxgen_tests::workspace;

/// Its package, and its folder in the workspace.
const NAME: &str = "execwatch";
const FOLDER: &str = "example-bpf/template";

const FILES: [&str; 4] = [
    "Cargo.toml",
    "build.rs",
    "src/main.rs",
    "src/bpf/execwatch.bpf.c",
];

/// Packages of one name in one target folder overwrite each other's program.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The template below this folder, as somebody has it who has copied it.
fn copied(folder: &str) -> UserCrate {
    let krate = UserCrate::from(workspace().join(FOLDER), NAME, &FILES, folder);
    fs::create_dir_all(krate.dir.join("kernels")).unwrap();
    for entry in fs::read_dir(workspace().join(FOLDER).join("kernels")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(
            &path,
            krate.dir.join("kernels").join(path.file_name().unwrap()),
        )
        .unwrap();
    }
    krate
}

/// The template, built for the running kernel, or without one for that in its folder.
pub(crate) fn built() -> UserCrate {
    let mut krate = copied(env!("CARGO_TARGET_TMPDIR"));
    if running("the template for the running kernel").is_none() {
        krate.set_env("CTXGEN_BTF", Some(without_a_kernel()));
    }
    krate.build();
    krate
}

fn without_a_kernel() -> String {
    format!("kernels/{}.btf", std::env::consts::ARCH)
}

#[test]
fn it_prints_programs_that_start() {
    let _alone = alone();
    let krate = built();
    what_a_build_does(&krate);
    if !is_root() || running("the template's program").is_none() {
        skip(
            "loading the template's program",
            "needs root and the kernel's BTF",
        );
        return;
    }
    // A program of a name that no other has.
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("started-by-a-test");
    fs::copy("/bin/true", &program).unwrap();
    let mut watching = Command::new(krate.target.join("debug").join(NAME))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let head = lines.next().unwrap().unwrap();
    assert_eq!(
        head.split_whitespace().collect::<Vec<_>>(),
        ["PID", "PARENT", "FILE"]
    );
    let mut started = Command::new(&program).spawn().unwrap();
    assert!(started.wait().unwrap().success());
    let found = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("started-by-a-test"));
    let found = found.expect("the program ended before it had seen one");
    // In a PID namespace, the kernel's ids are others than this process's.
    let words: Vec<&str> = found.split_whitespace().collect();
    assert_eq!(words[2], program.display().to_string());
    if is_initial_namespace() {
        assert_eq!(
            words[..2],
            [started.id().to_string(), std::process::id().to_string()]
        );
    }
    interrupt(&mut watching);
}

/// Whether this process has the ids that the kernel itself uses: thread 2 is `kthreadd` there.
fn is_initial_namespace() -> bool {
    fs::read_to_string("/proc/2/comm").is_ok_and(|name| name.trim() == "kthreadd")
}

/// Ctrl-C ends it, with status 0.
fn interrupt(child: &mut Child) {
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: It passes numbers.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    assert!(child.wait().unwrap().success());
}

/// `cargo build -vv` tells what clang was called with, and what was skipped.
fn what_a_build_does(krate: &UserCrate) {
    krate.touch(Path::new("src/bpf/execwatch.bpf.c"));
    let said = verbose(krate);
    for part in [
        "ctxgen: the kernel's BTF is ",
        "ctxgen: execwatch.bpf.o: skipped, the sources, their headers, clang and its arguments did not change",
        "ctxgen: execwatch.skel.rs: skipped, the object did not change",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    krate.append("src/bpf/execwatch.bpf.c", "int another_variable = 1;\n");
    let said = verbose(krate);
    for part in [
        " -c src/bpf/execwatch.bpf.c",
        "ctxgen: execwatch.bpf.o: made",
        "ctxgen: execwatch.skel.rs: made",
        "ctxgen: execwatch.ctx.rs: skipped, the contexts did not change",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    krate.restore();
    krate.build();
}

fn verbose(krate: &UserCrate) -> String {
    let output = krate.cargo(&["build", "--offline", "--locked", "-vv"]);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn it_is_built_without_a_kernel() {
    let _alone = alone();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("without-a-kernel");
    let btf = without_a_kernel();
    if !workspace().join(FOLDER).join(&btf).exists() {
        skip("the template without a kernel", &format!("it has no {btf}"));
        return;
    }
    let mut krate = copied(folder.to_str().unwrap());
    krate.set_env("CTXGEN_BTF", Some(&btf));
    krate.build();
    // What the container and both workflows do.
    for file in [
        "Containerfile",
        ".github/workflows/build.yml",
        ".gitlab-ci.yml",
    ] {
        let text = fs::read_to_string(workspace().join(FOLDER).join(file)).unwrap();
        assert!(
            text.contains("CTXGEN_BTF") && text.contains("kernels/"),
            "{file}"
        );
        assert!(text.contains("cargo build"), "{file}");
        for package in [
            "clang",
            "libclang-dev",
            "libelf-dev",
            "make",
            "pkg-config",
            "zlib1g-dev",
        ] {
            assert!(text.contains(&format!(" {package}")), "{file}: {package}");
        }
    }
}

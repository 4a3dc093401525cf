//! A crate outside of the workspace that uses ctxgen as a user does, from its build script to a
//! loaded program.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::user::UserCrate;
use ctxgen_tests::user::small_kernel;
use ctxgen_tests::user::stderr;

const NAME: &str = "external-crate";

const FILES: [&str; 5] = [
    "Cargo.toml",
    "build.rs",
    "src/main.rs",
    "src/bpf/forks.bpf.c",
    "src/bpf/forks.h",
];

/// What its build script is told of the kernel.
fn set_btf(krate: &mut UserCrate, btf: Option<&PathBuf>) {
    krate.set_env("CTXGEN_BTF", btf);
}

const LAYOUT: [&str; 4] = [
    "btf_trace_sched_process_fork_ctx of tp_btf/sched_process_fork, raw_tp/sched_process_fork",
    "parent at 0",
    "child at 8",
    "16 bytes",
];

// One test, as its steps follow from each other.
#[test]
fn from_its_build_script_to_a_loaded_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut krate = UserCrate::new(NAME, &FILES, env!("CARGO_TARGET_TMPDIR"));
    let nothing = [""; 0];

    let running = running("an external crate for the running kernel");
    let mut btf = None;
    if running.is_none() {
        btf = Some(small_kernel(folder.path(), "small", &[]));
    }
    set_btf(&mut krate, btf.as_ref());
    krate.build();
    assert_eq!(
        krate.run(&["open"]),
        ["forked in tp_btf/sched_process_fork"]
    );
    assert_eq!(krate.run(&["layout"]), LAYOUT);
    match running {
        Some(_) if is_root() => {
            let said = krate.run(&["run"]);
            assert_eq!(said[0], "forks 3 of 3", "{said:?}");
            assert_eq!(said[2], "ids differ true", "{said:?}");
        }
        Some(_) => skip("loading an external crate's program", "needs root"),
        None => {}
    }

    // The running kernel's own file changes its time of change whenever the system forgets it.
    if let Some(running) = &running {
        let copy = folder.path().join("running.btf");
        fs::copy(&running.btf, &copy).unwrap();
        btf = Some(copy);
        set_btf(&mut krate, btf.as_ref());
        assert_eq!(krate.build(), [NAME]);
    }
    assert_eq!(krate.build(), nothing);

    sources_change(&mut krate);
    the_kernel_changes(&mut krate, btf.as_ref(), folder.path());
    lint(&krate);
}

/// A changed source is compiled again, and no other.
fn sources_change(krate: &mut UserCrate) {
    let nothing = [""; 0];
    krate.touch(Path::new("src/bpf/forks.bpf.c"));
    assert_eq!(krate.build(), [NAME]);
    assert_eq!(krate.build(), nothing);

    krate.append("src/bpf/forks.h", "\n#error changed\n");
    let output = krate.cargo(&["build", "--offline", "--locked"]);
    assert!(
        stderr(&output).contains("src/bpf/forks.h:16:2: error: changed"),
        "{}",
        stderr(&output)
    );
    krate.restore();
    assert_eq!(krate.build(), [NAME]);
    krate.touch(Path::new("src/bpf/forks.h"));
    assert_eq!(krate.build(), [NAME]);
    assert_eq!(krate.build(), nothing);
}

fn the_kernel_changes(krate: &mut UserCrate, btf: Option<&PathBuf>, folder: &Path) {
    let nothing = [""; 0];
    // The arguments of `sched_process_fork` change places.
    let by_child = small_kernel(folder, "by-child", &["-DFORK_BY_CHILD"]);
    set_btf(krate, Some(&by_child));
    assert_eq!(krate.build(), [NAME]);
    assert_eq!(krate.build(), nothing);
    let mut swapped = LAYOUT;
    (swapped[1], swapped[2]) = ("parent at 8", "child at 0");
    assert_eq!(krate.run(&["layout"]), swapped);
    krate.touch(&by_child);
    assert_eq!(krate.build(), [NAME]);
    set_btf(krate, btf);
    assert_eq!(krate.build(), [NAME]);
    assert_eq!(krate.run(&["layout"]), LAYOUT);
}

/// The crate denies more lints than anyone; generated code is in it.
fn lint(krate: &UserCrate) {
    let output = krate.cargo(&["clippy", "--offline", "--locked"]);
    let stderr = stderr(&output);
    if stderr.contains("`cargo-clippy` is not installed") || stderr.contains("no such command") {
        skip(
            "clippy on an external crate",
            "cargo clippy is not installed",
        );
        return;
    }
    assert!(output.status.success(), "{stderr}");
    assert!(!stderr.contains("warning"), "{stderr}");
}

//! A crate outside of the workspace that uses ctxgen as a user does, from its build script to a
//! loaded program.
//!
//! It is built by cargo, in this build's own target folder: what both need is compiled once.
//! `cargo test` does not hold that folder's lock any more when tests run.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::time::SystemTime;

use ctxgen_tests::is_root;
use ctxgen_tests::running;
use ctxgen_tests::skip;
use ctxgen_tests::workspace;

const NAME: &str = "external-crate";

/// The crate, as a copy that can be changed. It stays where it is from one run of the test to the
/// next, so that only the first one builds it from scratch.
struct Crate {
    dir: PathBuf,
    target: PathBuf,
    /// What its build script is told of the kernel.
    btf: Option<PathBuf>,
}

impl Crate {
    fn new() -> Self {
        let exe = std::env::current_exe().unwrap();
        let target = exe
            .ancestors()
            .find(|dir| dir.join("CACHEDIR.TAG").exists());
        let this = Self {
            dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join(NAME),
            target: target.unwrap().to_owned(),
            btf: None,
        };
        this.restore();
        this
    }

    fn original() -> PathBuf {
        workspace().join("tests").join(NAME)
    }

    /// Makes the copy what the original is.
    fn restore(&self) {
        for name in [
            "Cargo.toml",
            "build.rs",
            "src/main.rs",
            "src/bpf/forks.bpf.c",
            "src/bpf/forks.h",
        ] {
            let text = fs::read_to_string(Self::original().join(name)).unwrap();
            let workspace = workspace().display().to_string();
            // A newer time of change would have it built again.
            self.write_new(name, &text.replace("\"../..", &format!("\"{workspace}")));
        }
    }

    /// The workspace's lock file, from which cargo strikes what the crate does not need: versions
    /// are the workspace's, so they are on this machine, and what both need is built once.
    fn lock(&self) {
        let lock = fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
        fs::write(self.dir.join("Cargo.lock"), lock).unwrap();
        let output = self.cargo(&["metadata", "--offline", "--format-version", "1"]);
        assert!(output.status.success(), "{}", stderr(&output));
    }

    fn write_new(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn append(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        let mut file = fs::File::options().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn touch(&self, path: &Path) {
        let file = fs::File::options().append(true).open(self.dir.join(path));
        file.unwrap().set_modified(SystemTime::now()).unwrap();
    }

    fn cargo(&self, args: &[&str]) -> Output {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.args(args).current_dir(&self.dir);
        for (name, _) in std::env::vars_os() {
            // What cargo set for this test, and what would change what is built.
            let name_text = name.to_string_lossy();
            let starts = ["CARGO_PKG_", "CARGO_CFG_", "CARGO_FEATURE_", "CTXGEN_"];
            let is = [
                "CARGO_BUILD_TARGET",
                "CARGO_MANIFEST_DIR",
                "CARGO_MANIFEST_PATH",
                "CLANG",
            ];
            if starts.iter().any(|start| name_text.starts_with(start)) || is.contains(&&*name_text)
            {
                command.env_remove(&name);
            }
        }
        command
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_TERM_COLOR", "never")
            .env("CARGO_TERM_QUIET", "false")
            .env("CARGO_TERM_PROGRESS_WHEN", "never");
        if let Some(btf) = &self.btf {
            command.env("CTXGEN_BTF", btf);
        }
        command.output().unwrap()
    }

    /// Builds it, and gives back which packages were compiled for it.
    fn build(&self) -> Vec<String> {
        let output = self.cargo(&["build", "--offline", "--locked"]);
        let stderr = stderr(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(!stderr.contains("warning"), "{stderr}");
        stderr
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Compiling "))
            .map(|package| package.split(' ').next().unwrap().to_owned())
            .collect()
    }

    /// Runs it, and gives back the lines that it printed.
    fn run(&self, what: &str) -> Vec<String> {
        let output = Command::new(self.target.join("debug").join(NAME))
            .arg(what)
            .output()
            .unwrap();
        assert!(output.status.success(), "{what}: {}", stderr(&output));
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout.lines().map(str::to_owned).collect()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// BTF of the kernel in small that ctxgen-build's tests have, made in a folder. In one of two forms
/// the arguments of `sched_process_fork` change places.
fn small_kernel(folder: &Path, by_child: bool) -> PathBuf {
    let object = folder.join(format!("by-child-{by_child}.o"));
    let mut command = Command::new("clang");
    let target = if cfg!(target_endian = "big") {
        "bpfeb"
    } else {
        "bpfel"
    };
    // It is taken for this machine's, whichever that is.
    command.args(["-target", target, "-g", "-O2", "-DANY_ARCH", "-c"]);
    if by_child {
        command.arg("-DFORK_BY_CHILD");
    }
    command.arg(workspace().join("ctxgen-build/tests/build/kernel.c"));
    let status = command.arg("-o").arg(&object).status().unwrap();
    assert!(status.success(), "clang: {status}");
    object
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
    let mut krate = Crate::new();
    krate.lock();
    let nothing = [""; 0];

    let running = running("an external crate for the running kernel");
    if running.is_none() {
        krate.btf = Some(small_kernel(folder.path(), false));
    }
    krate.build();
    assert_eq!(krate.run("open"), ["forked in tp_btf/sched_process_fork"]);
    assert_eq!(krate.run("layout"), LAYOUT);
    match running {
        Some(_) if is_root() => {
            let said = krate.run("run");
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
        krate.btf = Some(copy);
        assert_eq!(krate.build(), [NAME]);
    }
    assert_eq!(krate.build(), nothing);

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

    let by_child = small_kernel(folder.path(), true);
    let before = krate.btf.replace(by_child.clone());
    assert_eq!(krate.build(), [NAME]);
    assert_eq!(krate.build(), nothing);
    let mut swapped = LAYOUT;
    (swapped[1], swapped[2]) = ("parent at 8", "child at 0");
    assert_eq!(krate.run("layout"), swapped);
    krate.touch(&by_child);
    assert_eq!(krate.build(), [NAME]);
    krate.btf = before;
    assert_eq!(krate.build(), [NAME]);
    assert_eq!(krate.run("layout"), LAYOUT);

    lint(&krate);
}

/// The crate denies more lints than anyone; generated code is in it.
fn lint(krate: &Crate) {
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

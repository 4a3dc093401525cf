//! Crates outside of the workspace that use ctxgen as its users do, built by cargo.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;
use std::time::SystemTime;

use crate::workspace;

/// A crate, as a copy that can be changed. It stays where it is from one run of its test to the next,
/// so that only the first one builds it from scratch.
///
/// It is built in this build's own target folder: what both need is compiled once. `cargo test` does
/// not hold that folder's lock any more when tests run.
#[derive(Debug)]
pub struct UserCrate {
    name: &'static str,
    files: &'static [&'static str],
    /// Where the files are from.
    original: PathBuf,
    /// Its folder.
    pub dir: PathBuf,
    /// The target folder.
    pub target: PathBuf,
    /// Variables for cargo and what it runs.
    pub env: Vec<(&'static str, OsString)>,
}

impl UserCrate {
    /// The crate of that name in the workspace's `tests`, with these files, as a copy below `folder`
    /// (`CARGO_TARGET_TMPDIR`).
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn new(name: &'static str, files: &'static [&'static str], folder: &str) -> Self {
        Self::from(workspace().join("tests").join(name), name, files, folder)
    }

    /// The crate of that name that is in the folder `original`.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn from(
        original: PathBuf,
        name: &'static str,
        files: &'static [&'static str],
        folder: &str,
    ) -> Self {
        let exe = std::env::current_exe().unwrap();
        let target = exe
            .ancestors()
            .find(|dir| dir.join("CACHEDIR.TAG").exists());
        let this = Self {
            name,
            files,
            original,
            dir: Path::new(folder).join(name),
            target: target.unwrap().to_owned(),
            env: Vec::new(),
        };
        this.restore();
        this.lock();
        this
    }

    /// Makes the copy what the original is.
    ///
    /// # Panics
    /// If it cannot.
    pub fn restore(&self) {
        for name in self.files {
            let text = fs::read_to_string(self.original.join(name)).unwrap();
            // A newer time of change would have it built again.
            self.write_new(name, &with_this_ctxgen(&text));
        }
    }

    /// The workspace's lock file, from which cargo strikes what the crate does not need: versions
    /// are the workspace's, so they are on this machine, and what both need is built once.
    fn lock(&self) {
        let lock = fs::read_to_string(workspace().join("Cargo.lock")).unwrap();
        fs::write(self.dir.join("Cargo.lock"), lock).unwrap();
        // What only other platforms need may never have been downloaded.
        let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
        let metadata = ["metadata", "--offline", "--format-version", "1"];
        let output = self.cargo(&[&metadata[..], &["--filter-platform", &host]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
    }

    /// Writes a file unless it has that text.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write_new(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            return;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Adds to a file.
    ///
    /// # Panics
    /// If it is not there.
    pub fn append(&self, name: &str, text: &str) {
        let path = self.dir.join(name);
        let mut file = fs::File::options().append(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    /// Makes a file, of the crate or elsewhere, one that was changed now.
    ///
    /// # Panics
    /// If it is not there.
    pub fn touch(&self, path: &Path) {
        let file = fs::File::options().append(true).open(self.dir.join(path));
        file.unwrap().set_modified(SystemTime::now()).unwrap();
    }

    /// Runs cargo in it.
    ///
    /// # Panics
    /// If there is no cargo.
    pub fn cargo(&self, args: &[&str]) -> Output {
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
            .env("CARGO_TERM_PROGRESS_WHEN", "never")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap()
    }

    /// Sets a variable, or takes it away again.
    pub fn set_env(&mut self, name: &'static str, value: Option<impl Into<OsString>>) {
        self.env.retain(|(other, _)| *other != name);
        self.env.extend(value.map(|value| (name, value.into())));
    }

    /// Builds it, and gives back which packages were compiled for it.
    ///
    /// # Panics
    /// If that fails, or cargo warns.
    pub fn build(&self) -> Vec<String> {
        let output = self.cargo(&["build", "--offline", "--locked"]);
        let stderr = stderr(&output);
        assert!(output.status.success(), "{stderr}");
        assert!(!stderr.contains("warning"), "{stderr}");
        stderr
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Compiling "))
            .map(|package| package.split(' ').next().unwrap_or_default().to_owned())
            .collect()
    }

    /// Runs its program, and gives back the lines that it printed.
    ///
    /// # Panics
    /// If that fails.
    pub fn run(&self, args: &[&str]) -> Vec<String> {
        let output = Command::new(self.target.join("debug").join(self.name))
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {}", stderr(&output));
        let stdout = String::from_utf8(output.stdout).unwrap();
        stdout.lines().map(str::to_owned).collect()
    }
}

/// A manifest that has ctxgen from this workspace, instead of by a relative path or from the registry.
fn with_this_ctxgen(manifest: &str) -> String {
    let workspace = workspace().display().to_string();
    let mut text = manifest.replace("\"../..", &format!("\"{workspace}"));
    for (package, folder) in [("ctxgen-bpf", "ctxgen"), ("ctxgen-build", "ctxgen-build")] {
        text = text.replace(
            &format!("\n{package} = \"0.1\"\n"),
            &format!("\n{package} = {{ path = \"{workspace}/{folder}\" }}\n"),
        );
    }
    text
}

/// What a command wrote to standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// BTF of the kernel in small that ctxgen-build's tests have, compiled with these arguments of clang
/// to a file of that name in a folder.
///
/// # Panics
/// If clang does not compile it.
pub fn small_kernel(folder: &Path, name: &str, args: &[&str]) -> PathBuf {
    let object = folder.join(format!("{name}.o"));
    let mut command = Command::new("clang");
    let target = if cfg!(target_endian = "big") {
        "bpfeb"
    } else {
        "bpfel"
    };
    // It is taken for this machine's, whichever that is.
    command.args(["-target", target, "-g", "-O2", "-DANY_ARCH", "-c"]);
    command.args(args);
    command.arg(workspace().join("ctxgen-build/tests/build/kernel.c"));
    let status = command.arg("-o").arg(&object).status().unwrap();
    assert!(status.success(), "clang: {status}");
    object
}

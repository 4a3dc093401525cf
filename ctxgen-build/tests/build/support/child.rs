//! Build scripts: processes of their own, with their own environment and current folder.
//!
//! The process is this test program again, told to run the one test that asks for it.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use ctxgen_build::Builder;
use ctxgen_build::Error;

use super::Order;
use super::Project;
use super::kernel;

/// Set in a child, to the name of its test.
const MARK: &str = "CTXGEN_TEST_CHILD";
/// Between what the test harness prints and what the build does.
const RULER: &str = "\n---- build script ----\n";

/// Whether this process is a build script, and another one has made what tests need.
pub(super) fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// A build script that is about to run.
#[derive(Debug)]
pub(crate) struct Child<'p> {
    test: String,
    project: &'p Project,
    command: Command,
}

impl<'p> Child<'p> {
    /// The build script of a package, called from the test of that path (`module::test`). Its
    /// environment is cargo's for a build on and for x86-64, with nothing of this process's that
    /// ctxgen-build reads, and the BTF of the little-endian kernel.
    pub(crate) fn new(test: &str, project: &'p Project) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", test, "--nocapture", "--include-ignored"]);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            if ["CTXGEN_", "LIBCLANG_", "CLANG", "CARGO"]
                .iter()
                .any(|ours| name_text.starts_with(ours))
            {
                command.env_remove(&name);
            }
        }
        let triple = Order::Little.triple();
        command
            .env(MARK, test)
            .env("CARGO_MANIFEST_DIR", project.root())
            .env("OUT_DIR", project.path("out"))
            .env("TARGET", triple)
            .env("HOST", triple)
            .env("CTXGEN_BTF", kernel(Order::Little))
            .current_dir(project.root());
        Self {
            test: test.to_owned(),
            project,
            command,
        }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn out_dir(self, path: &Path) -> Self {
        self.env("OUT_DIR", path)
    }

    /// Runs the build, and gives back what cargo would read from it, or the error that it would
    /// show. Only the child calls `builder`, in the package's folder: paths are relative to that.
    pub(crate) fn build<S: Script>(
        mut self,
        builder: impl FnOnce() -> S,
    ) -> Result<String, String> {
        if std::env::var_os(MARK).is_some_and(|test| test == *self.test) {
            print!("{RULER}");
            let status = builder().build().map_or_else(report, |()| 0);
            // The test has made a package in the child too, which nobody uses.
            let _ = std::fs::remove_dir_all(self.project.root());
            std::process::exit(status);
        }
        let output = self.command.output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let (_, said) = stdout
            .split_once(RULER)
            .unwrap_or_else(|| panic!("there is no test {}:\n{stdout}{stderr}", self.test));
        // What is for people, with `cargo build -vv`.
        let steps = |line: &&str| !line.starts_with("ctxgen: ");
        let said: String = said.split_inclusive('\n').filter(steps).collect();
        match output.status.code() {
            Some(0) => Ok(said),
            Some(1) => Err(said),
            _ => panic!("{}: {}\n{said}\n{stderr}", self.test, output.status),
        }
    }
}

/// What a build script calls.
pub(crate) trait Script {
    fn build(self) -> Result<(), Error>;
}

impl Script for Builder {
    fn build(self) -> Result<(), Error> {
        self.build()
    }
}

#[cfg(feature = "rust-programs")]
impl Script for ctxgen_build::RustPrograms {
    fn build(self) -> Result<(), Error> {
        self.build()
    }
}

/// An error as `main` shows the one that it returns.
fn report(error: Error) -> i32 {
    print!("Error: {error:?}");
    1
}

//! What the command leaves where something is in its way: a full disk, too few descriptors or too little memory, a
//! system call that fails, and its end at any time. A file that is written is as it was or as it is to be, nothing
//! else is left beside it, and the reason is a sentence.
//!
//! `CTXGEN_ROUNDS=50` in the environment has it go on fifty times longer; `cargo xtask faults` does that.

mod killed;
mod limits;
mod refused;

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use tempfile::TempDir;

/// What was in a file before.
const OLD: &str = "/* what was there before */\n";

/// A hook whose header is some KiB.
const HOOK: &str = "tp_btf/sched_switch";

fn kernel() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/corpus/corpus-x86_64.btf")
}

/// How many rounds a test goes: so many, or that many times more that `CTXGEN_ROUNDS` says.
fn rounds(usual: usize) -> usize {
    let times = std::env::var("CTXGEN_ROUNDS").ok();
    usual * times.and_then(|times| times.parse().ok()).unwrap_or(1)
}

/// A folder with a file that is to be written anew.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.put_old();
        folder
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn out(&self) -> PathBuf {
        self.folder().join("ctx.h")
    }

    fn put_old(&self) {
        let folder = self.folder();
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        fs::write(self.out(), OLD).unwrap();
    }

    fn text(&self) -> String {
        fs::read_to_string(self.out()).unwrap()
    }

    /// The arguments that write it.
    fn header(&self, command: &mut Command) {
        command.args(["header", HOOK, "-o"]);
        command.arg(self.folder()).arg("--btf").arg(kernel());
    }

    /// The file as it is to be.
    fn whole(&self) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
        self.header(&mut command);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let whole = self.text();
        assert!(whole.len() > 4 << 10, "{}", whole.len());
        self.put_old();
        whole
    }

    /// The size of the largest file that is written, in bytes.
    fn largest(&self) -> usize {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
        self.header(&mut command);
        assert!(command.status().unwrap().success());
        let entries = fs::read_dir(self.folder()).unwrap().flatten();
        let sizes = entries.map(|entry| entry.metadata().unwrap().len() as usize);
        let largest = sizes.max().unwrap();
        self.put_old();
        largest
    }

    /// What was left beside the files.
    fn beside(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap().flatten();
        let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with('.')).collect()
    }

    /// The file is new where the command says so and old where it does not, and the reason is a sentence.
    /// Whether it is new.
    #[track_caller]
    fn is_done(&self, what: &str, output: &Output, whole: &str) -> bool {
        let said = said(output);
        if output.status.success() {
            assert!(self.text() == whole, "{what}: {said}");
        } else {
            let text = self.text();
            assert!(text == OLD || text == whole, "{what}: {said}");
            // Where there is no memory, Rust's own words end it, by a signal.
            let is_sentence = match output.status.signal() {
                Some(_) => said.contains("memory allocation of "),
                None => said.starts_with("error: ") && said.trim_end().lines().count() == 1,
            };
            assert!(is_sentence, "{what}: {}: {said:?}", output.status);
        }
        assert_eq!(self.beside(), [""; 0], "{what}: {said}");
        self.put_old();
        output.status.success()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

//! `ctxgen matrix`, as one runs it, on kernels that are part of the project.

mod baseline;
mod beside;
mod forms;
mod kernels;

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

const OLD: &str = "5.10-x86_64";
const MIDDLE: &str = "6.1-x86_64";
const NEW: &str = "7.2-x86_64";

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixture(name: &str) -> PathBuf {
    workspace().join(format!("tests/fixtures/{name}.btf"))
}

/// A folder with the compiled programs in it.
struct Folder {
    folder: TempDir,
}

impl Folder {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = "ctxgen/cli/tests/cli_matrix/programs.bpf.c";
        let clang = std::env::var_os("CLANG").unwrap_or_else(|| "clang".into());
        let status = Command::new(clang)
            .current_dir(workspace())
            .args(["-g", "-O2", "-target", "bpf", "-Wall", "-c", source, "-o"])
            .arg(folder.path().join("programs.bpf.o"))
            .status();
        assert!(status.unwrap().success());
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `ctxgen matrix programs.bpf.o` with these kernels and arguments, run in the folder.
    fn run(&self, kernels: &[&str], args: &[&str]) -> Output {
        let kernels: Vec<PathBuf> = kernels.iter().map(|name| fixture(name)).collect();
        let mut command = self.command(&["programs.bpf.o"]);
        for kernel in kernels {
            command.arg("--btf").arg(kernel);
        }
        command.args(args).output().unwrap()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
        command
            .current_dir(self.folder.path())
            .arg("matrix")
            .args(args);
        command
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The JSON of a run, whatever its status is.
fn json(output: &Output) -> Value {
    assert_eq!(text(&output.stderr), "");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn program<'j>(json: &'j Value, name: &str) -> &'j Value {
    let programs = json["objects"][0]["programs"].as_array().unwrap();
    let mut programs = programs.iter();
    programs.find(|program| program["name"] == name).unwrap()
}

/// The statuses of a program, kernel by kernel.
fn statuses(json: &Value, name: &str) -> Vec<String> {
    let answers = program(json, name)["answers"].as_array().unwrap();
    let status = |answer: &Value| answer["status"].as_str().unwrap().to_owned();
    answers.iter().map(status).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    let all = value.as_array().unwrap().iter();
    all.map(|value| value.as_str().unwrap()).collect()
}

#[test]
fn what_is_returned_moves() {
    let folder = Folder::new();
    // Not in their order.
    let found = json(&folder.run(&[NEW, OLD, MIDDLE], &["--json"]));
    assert_eq!(found["version"], 1);
    let labels: Vec<&str> = found["kernels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|kernel| kernel["label"].as_str().unwrap())
        .collect();
    assert_eq!(labels, [OLD, MIDDLE, NEW]);
    assert_eq!(statuses(&found, "old_ret"), ["same", "wrong", "wrong"]);
    // What is behind the last argument is refused.
    assert_eq!(
        statuses(&found, "new_ret"),
        ["does_not_load", "same", "same"]
    );
    assert_eq!(statuses(&found, "undeclared"), ["not_known"; 3]);
    assert_eq!(statuses(&found, "optional"), ["guarded"; 3]);
    assert_eq!(statuses(&found, "absent"), ["absent"; 3]);

    let program = program(&found, "old_ret");
    let row = &program["rows"][0];
    assert_eq!(row["subject"]["name"], "ret");
    assert_eq!(row["status"], "wrong");
    assert_eq!(row["cells"][1]["found"]["name"], "flags");
    assert_eq!(row["cells"][1]["moved_to"]["slot"], 5);
    assert_eq!(row["runs"].as_array().unwrap().len(), 2);
    assert_eq!(row["findings"][0]["ranges"], format!("{MIDDLE} →"));
    assert_eq!(row["findings"][0]["fails"], true);
    let file = row["line"]["file"].as_str().unwrap();
    assert!(
        file.ends_with("ctxgen/cli/tests/cli_matrix/programs.bpf.c"),
        "{file}"
    );
    assert!(
        row["line"]["text"]
            .as_str()
            .unwrap()
            .contains("____old_ret")
    );
    let prototypes = strings(&program["prototypes"]);
    assert!(
        prototypes[0].ends_with("struct dentry *new_dentry)"),
        "{prototypes:?}"
    );
    assert!(
        prototypes[2].ends_with("unsigned int flags)"),
        "{prototypes:?}"
    );
}

#[test]
fn as_text() {
    let folder = Folder::new();
    let output = folder.run(&[OLD, MIDDLE, NEW], &[]);
    let text = text(&output.stdout);
    assert!(
        text.lines().all(|line| line.chars().count() <= 100),
        "{text}"
    );
    let at = |part: &str| {
        text.find(part)
            .unwrap_or_else(|| panic!("no {part:?} in {text}"))
    };
    // The worst first.
    let order = [
        "  old_ret     lsm/path_rename          . W W",
        "Loads, and reads a wrong value (1)",
        "ret (slot 4), 6.1-x86_64 →: the kernel has flags (unsigned int) there; the returned",
        "Does not load (1)",
        "Does not attach (1)",
        "Not known (1)",
        "Guarded or optional",
        "5 programs in 1 object, each by the worst kernel: 1 with a wrong value, 1 not",
        "FAILS: 2 findings",
    ];
    let places: Vec<usize> = order.iter().map(|part| at(part)).collect();
    assert!(places.is_sorted(), "{places:?} {text}");
    assert_eq!(code(&output), 1);
}

/// What names hold does not control the terminal.
#[test]
fn names_are_escaped() {
    let folder = Folder::new();
    std::fs::rename(folder.path("programs.bpf.o"), folder.path("\u{1b}[31m.o")).unwrap();
    let mut command = folder.command(&["\u{1b}[31m.o", "--btf"]);
    let output = command.arg(fixture(NEW)).output().unwrap();
    assert!(text(&output.stdout).contains("\\u001b[31m.o"));
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn what_it_fails_on() {
    let folder = Folder::new();
    for (kernels, args, expected) in [
        (&[OLD][..], &[][..], 1),
        (&[OLD], &["--fail-on", "wrong"], 0),
        (&[OLD], &["--fail-on", "load"], 1),
        (&[MIDDLE], &[], 1),
        (&[MIDDLE], &["--fail-on", "load"], 0),
        (&[MIDDLE], &["--fail-on", "absent"], 1),
        (&[MIDDLE], &["--fail-on", "none"], 0),
        // There is a program of which nothing is known.
        (&[MIDDLE], &["--fail-on", "none", "--strict"], 1),
        (&[OLD, NEW], &["--fail-on", "wrong,load"], 1),
    ] {
        let output = folder.run(kernels, args);
        assert_eq!(code(&output), expected, "{kernels:?} {args:?}");
    }
}

/// What is not done is no finding.
#[test]
fn what_cannot_be_told() {
    let folder = Folder::new();
    std::fs::write(folder.path("words"), "words").unwrap();
    let btf = fixture(NEW);
    let btf = btf.to_str().unwrap();
    for (args, said) in [
        (&["none.o", "--btf", btf][..], "cannot read none.o: "),
        (
            &["words", "--btf", btf],
            "words: the BPF object cannot be read: ",
        ),
        (
            &["programs.bpf.o", "--btf", "none"],
            "cannot read kernel BTF from none: ",
        ),
        (&["programs.bpf.o", "--btf", "words"], "words"),
        (
            &["programs.bpf.o", "--btf", btf, "-o", "x.docx"],
            "x.docx does not tell the format",
        ),
        (
            &["programs.bpf.o", "--btf", btf, "--baseline", "words"],
            "words is no baseline",
        ),
    ] {
        let output = folder.command(args).output().unwrap();
        assert_eq!(code(&output), 2, "{args:?}");
        let error = text(&output.stderr);
        assert!(
            error.starts_with("error: ") && error.contains(said),
            "{error}"
        );
        assert_eq!(text(&output.stdout), "");
    }
    let output = folder
        .command(&["programs.bpf.o", "--fail-on", "what"])
        .output()
        .unwrap();
    assert_eq!(code(&output), 2);
}

#[test]
fn reports_in_files() {
    let folder = Folder::new();
    let args = [
        "-o",
        "report.json",
        "-o",
        "json=report.of-its-own",
        "--format",
        "text",
    ];
    let output = folder.run(&[OLD, NEW], &args);
    let expected = folder.run(&[OLD, NEW], &["--format", "json"]).stdout;
    for name in ["report.json", "report.of-its-own"] {
        assert_eq!(std::fs::read(folder.path(name)).unwrap(), expected);
    }
    assert!(text(&output.stdout).starts_with("2 kernels\n"));
    // The same for the same.
    assert_eq!(folder.run(&[OLD, NEW], &["--json"]).stdout, expected);
}

//! `ctxgen migrate`, as one runs it, on kernels that are part of the project.
//!
//! Of each `rules/NAME.bpf.c`, `rules/NAME.diff` is what the command prints, and `rules/NAME.said` why programs
//! are left as they are, where some are. `CTXGEN_BLESS=1` writes both.

mod corpus;
mod drift;
mod loaded;
mod shorter;
mod users;

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

use tempfile::TempDir;

const OLD: &str = "5.10-x86_64";
const NEW: &str = "7.2-x86_64";

/// Names of compilers, and where the libclang of the same version is on Debian.
const CLANGS: [(&str, &str); 3] = [
    ("clang-14", "/usr/lib/llvm-14/lib"),
    ("clang-19", "/usr/lib/llvm-19/lib"),
    ("clang-22", "/usr/lib/llvm-22/lib"),
];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn fixture(name: &str) -> PathBuf {
    workspace().join(format!("tests/fixtures/{name}.btf"))
}

fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli_migrate/rules")
}

/// A folder with a copy of all rules.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(rules()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    folder
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ctxgen"));
    command.current_dir(folder).arg("migrate").args(args);
    command
}

fn migrate(folder: &Path, args: &[&str]) -> Output {
    let new = fixture(NEW);
    let args = [&["--btf", new.to_str().unwrap()], args].concat();
    command(folder, &args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The names of the rules, in order.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir(rules()).unwrap();
    let files = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files
        .filter_map(|name| Some(name.strip_suffix(".bpf.c")?.to_owned()))
        .collect();
    names.sort();
    assert!(names.len() >= 10, "{names:?}");
    names
}

fn assert_golden(path: &Path, found: &str) {
    if std::env::var_os("CTXGEN_BLESS").is_some() {
        std::fs::write(path, found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(found, expected, "{}", path.display());
}

/// Of all programs that a run has migrated, whether any has more instructions; how many there are.
fn compared(said: &str) -> usize {
    let mut count = 0;
    for line in said.lines() {
        if line.contains(": same instructions (") {
            count += 1;
        } else if let Some((after, before)) = line.split_once(" instructions, ") {
            let number = |text: Option<&str>| text.unwrap().parse::<u32>().unwrap();
            let after = number(after.rsplit(' ').next());
            assert!(after <= number(before.split(' ').next()), "{line}");
            count += 1;
        }
    }
    count
}

#[test]
fn rules_as_they_are_written() {
    let folder = folder();
    for name in names() {
        let output = migrate(folder.path(), &[&format!("{name}.bpf.c")]);
        let said = text(&output.stderr);
        assert_golden(&rules().join(format!("{name}.diff")), text(&output.stdout));
        let is_refused = name == "refused";
        assert_eq!(output.status.success(), !is_refused, "{name}: {said}");
        assert!(!said.contains("does not compile"), "{name}: {said}");
        if is_refused {
            let (reasons, rest) = said.split_at(said.find("refused.bpf.c: fine").unwrap());
            assert_golden(&rules().join(format!("{name}.said")), reasons);
            assert!(
                rest.contains("to be migrated: 1, left as they are: 11"),
                "{rest}"
            );
        }
        assert!(compared(said) > 0, "{name}: {said}");
    }
}

/// All at once, in place: another time, there is nothing more to do.
#[test]
fn written_once() {
    for (clang, libclang) in CLANGS {
        if !Path::new(libclang).is_dir() {
            eprintln!("skipped: there is no {libclang}");
            continue;
        }
        let folder = folder();
        let files: Vec<String> = names().iter().map(|name| format!("{name}.bpf.c")).collect();
        let fine: Vec<&str> = files
            .iter()
            .map(String::as_str)
            .filter(|file| !file.starts_with("refused"))
            .collect();
        let run = || {
            let new = fixture(NEW);
            let args = [&["--btf", new.to_str().unwrap(), "--write"], &fine[..]].concat();
            let mut command = command(folder.path(), &args);
            command
                .env("CLANG", clang)
                .env("LIBCLANG_PATH", libclang)
                .output()
                .unwrap()
        };
        let read = || -> Vec<String> {
            fine.iter()
                .map(|file| std::fs::read_to_string(folder.path().join(file)).unwrap())
                .collect()
        };
        let before = read();
        let output = run();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{clang}: {said}");
        assert_eq!(text(&output.stdout), "", "{clang}");
        assert_eq!(compared(said), 13, "{clang}: {said}");
        let once = read();
        assert!(
            before
                .iter()
                .zip(&once)
                .all(|(before, once)| before != once),
            "{clang}"
        );

        let output = run();
        let said = text(&output.stderr);
        assert!(output.status.success(), "{clang}: {said}");
        assert_eq!(
            said.matches(": nothing to migrate\n").count(),
            fine.len(),
            "{clang}: {said}"
        );
        assert_eq!(read(), once, "{clang}");
    }
}

/// What does not compile afterwards is not written: here, a header takes away a name that it needs.
#[test]
fn what_does_not_compile_stays() {
    let folder = folder();
    let path = folder.path().join("own.bpf.c");
    let source = "#include \"base.h\"\n\
                  SEC(\"tp_btf/sched_switch\") int BPF_PROG(f, bool preempt)\n\
                  {\n\tout = preempt;\n\treturn 0;\n}\n";
    std::fs::write(&path, source).unwrap();
    let args = ["--write", "own.bpf.c", "--", "-include", "broken.h"];
    std::fs::write(
        folder.path().join("broken.h"),
        "#pragma GCC poison ctx_get\n",
    )
    .unwrap();
    let output = migrate(folder.path(), &args);
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), source);
}

/// A source that clang does not take, and one that is not there, do not keep others from being migrated.
#[test]
fn errors_are_each_files_own() {
    let folder = folder();
    std::fs::write(folder.path().join("bad.bpf.c"), "int f(\n").unwrap();
    let output = migrate(folder.path(), &["bad.bpf.c", "none.bpf.c", "kprobe.bpf.c"]);
    let said = text(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(
        said.contains("error: clang cannot compile bad.bpf.c:"),
        "{said}"
    );
    assert!(said.contains("error: cannot read none.bpf.c"), "{said}");
    assert!(text(&output.stdout).contains("+int creates(struct btf_kprobe_vfs_create_ctx *ctx)"));
}

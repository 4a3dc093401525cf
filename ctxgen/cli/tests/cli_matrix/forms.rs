//! The forms of reports, as the command writes them.

use std::path::Path;

use serde_json::Value;

use super::Folder;
use super::MIDDLE;
use super::NEW;
use super::OLD;
use super::code;
use super::fixture;
use super::text;

/// A name that a file's end tells the form of, and what a report in that form begins with.
const FILES: [(&str, &str); 6] = [
    ("report.txt", "3 kernels"),
    ("report.json", "{\"version\":"),
    ("report.sarif", "{\n  \"$schema\":"),
    ("report.xml", "<?xml "),
    ("report.md", "## "),
    ("report.html", "<!doctype html>"),
];

/// Code hosts know sources by their paths in the folder that is checked out, in which the command runs.
#[test]
fn sources_are_named_from_where_it_runs() {
    let folder = Folder::new();
    let mut command = folder.command(&["--format", "github"]);
    command
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .arg(folder.path("programs.bpf.o"));
    for kernel in [OLD, MIDDLE, NEW] {
        command.arg("--btf").arg(fixture(kernel));
    }
    for (name, _) in FILES {
        command.arg("-o").arg(folder.path(name));
    }
    let output = command.output().unwrap();
    assert_eq!(code(&output), 1);
    let lines = text(&output.stdout);
    let wrong = "::error file=tests/cli_matrix/programs.bpf.c,line=";
    assert!(lines.starts_with(wrong), "{lines}");
    for (name, start) in FILES {
        let report = read(&folder.path(name));
        assert!(report.starts_with(start), "{name}: {report}");
    }
    let log: Value = serde_json::from_str(&read(&folder.path("report.sarif"))).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    let file = &place["artifactLocation"];
    assert_eq!(file["uri"], "tests/cli_matrix/programs.bpf.c");
    assert_eq!(file["uriBaseId"], "%SRCROOT%");
    let counted = "ctxgen: ";
    assert!(
        lines.lines().last().unwrap().starts_with(counted),
        "{lines}"
    );
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

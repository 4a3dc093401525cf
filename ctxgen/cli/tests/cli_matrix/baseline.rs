//! Findings that are known.

use std::fs;

use super::*;

#[test]
fn only_new_findings_fail() {
    let folder = Folder::new();
    let output = folder.run(&[OLD, MIDDLE], &["--write-baseline", "known.json"]);
    assert_eq!(code(&output), 0, "{}", text(&output.stderr));
    let known = ["--baseline", "known.json"];
    assert_eq!(code(&folder.run(&[OLD, MIDDLE], &known)), 0);
    let strict = [
        "--baseline",
        "known.json",
        "--strict",
        "--fail-on",
        "wrong,load,absent",
    ];
    assert_eq!(code(&folder.run(&[OLD, MIDDLE], &strict)), 0);
    // A kernel that is new, on which it is as on the one before it.
    assert_eq!(code(&folder.run(&[OLD, MIDDLE, NEW], &known)), 0);
    let found = json(&folder.run(&[OLD, MIDDLE, NEW], &[&known[..], &["--json"]].concat()));
    let finding = &program(&found, "old_ret")["rows"][0]["findings"][0];
    assert_eq!(finding["known"].to_string(), "[1,2]");
    assert_eq!(finding["fails"], false);
    let said = folder.run(&[OLD, MIDDLE, NEW], &known).stdout;
    assert!(
        text(&said).contains("6.1-x86_64 → (known): "),
        "{}",
        text(&said)
    );
}

#[test]
fn what_was_right_before_fails() {
    let folder = Folder::new();
    let output = folder.run(&[OLD], &["--write-baseline", "known.json"]);
    assert_eq!(code(&output), 0);
    // `old_ret` is wrong since.
    let output = folder.run(&[OLD, MIDDLE], &["--baseline", "known.json", "--json"]);
    assert_eq!(code(&output), 1);
    let found = json(&output);
    let finding = &program(&found, "old_ret")["rows"][0]["findings"][0];
    assert_eq!(
        (&finding["fails"], finding.get("known")),
        (&Value::Bool(true), None)
    );
    let finding = &program(&found, "new_ret")["rows"][0]["findings"][0];
    assert_eq!(finding["fails"], false);
}

/// The same finding on a kernel of the baseline where it was not.
#[test]
fn on_another_kernel() {
    let folder = Folder::new();
    let args = ["--write-baseline", "known.json"];
    assert_eq!(code(&folder.run(&[OLD, MIDDLE, NEW], &args)), 0);
    let path = folder.path("known.json");
    let mut known: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for finding in known["findings"].as_array_mut().unwrap() {
        let kernels = finding["kernels"].as_array_mut().unwrap();
        kernels.retain(|label| label != NEW);
    }
    fs::write(&path, known.to_string()).unwrap();
    let kernels = [OLD, MIDDLE, NEW];
    assert_eq!(
        code(&folder.run(&kernels, &["--baseline", "known.json"])),
        1
    );
    assert_eq!(
        code(&folder.run(&kernels[..2], &["--baseline", "known.json"])),
        0
    );
}

#[test]
fn of_another_version() {
    let folder = Folder::new();
    fs::write(
        folder.path("known.json"),
        r#"{"version":2,"kernels":[],"findings":[]}"#,
    )
    .unwrap();
    let output = folder.run(&[OLD], &["--baseline", "known.json"]);
    assert_eq!(code(&output), 2);
    let error = text(&output.stderr);
    assert!(
        error.contains("it is of version 2. Write it again"),
        "{error}"
    );
}

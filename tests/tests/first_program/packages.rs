//! The packages that are published: what is in them, and what the registry shows of them.

use std::process::Command;

use ctxgen_tests::workspace;
use serde_json::Value;

const PACKAGES: [&str; 3] = ["ctxgen-bpf", "ctxgen-build", "ctxgen-cli"];

/// What each has beside its sources.
const FILES: [&str; 7] = [
    ".cargo_vcs_info.json",
    "Cargo.lock",
    "Cargo.toml",
    "Cargo.toml.orig",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
];

fn cargo(arguments: &[&str]) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .arg("--offline")
        .current_dir(workspace())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn they_have_their_sources_and_no_more() {
    for package in PACKAGES {
        let list = cargo(&["package", "--list", "--allow-dirty", "--package", package]);
        let (sources, others): (Vec<&str>, Vec<&str>) =
            list.lines().partition(|path| path.starts_with("src/"));
        assert!(sources.len() > 10, "{package}: {sources:?}");
        // Without a repository, there is no revision to tell.
        let is_needed = |name: &&&str| !name.starts_with('.');
        let missing: Vec<_> = FILES
            .iter()
            .filter(is_needed)
            .filter(|name| !others.contains(name))
            .collect();
        assert!(missing.is_empty(), "{package} lacks {missing:?}");
        let superfluous: Vec<_> = others.iter().filter(|path| !FILES.contains(path)).collect();
        assert!(superfluous.is_empty(), "{package}: {superfluous:?}");
    }
}

#[test]
fn the_registry_has_something_to_show() {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).unwrap();
    let all = metadata["packages"].as_array().unwrap();
    for package in PACKAGES {
        let it = all.iter().find(|it| it["name"] == package).unwrap();
        for key in ["description", "documentation", "readme", "rust_version"] {
            let is_there = it[key].as_str().is_some_and(|text| !text.is_empty());
            assert!(is_there, "{package} has no {key}");
        }
        assert_eq!(it["license"], "MIT OR Apache-2.0", "{package}");
        for key in ["keywords", "categories"] {
            let count = it[key].as_array().unwrap().len();
            assert!((1..=5).contains(&count), "{package}: {count} {key}");
        }
        // docs.rs builds the libraries with all of their features.
        let is_library = package != "ctxgen-cli";
        let docs = &it["metadata"]["docs"]["rs"]["all-features"];
        assert_eq!(docs.as_bool(), is_library.then_some(true), "{package}");
    }
    // Only these: nobody publishes the others by mistake.
    let published = all.iter().filter(|it| it["publish"].is_null());
    let mut published: Vec<_> = published.map(|it| it["name"].as_str().unwrap()).collect();
    published.sort_unstable();
    assert_eq!(published, PACKAGES);
}

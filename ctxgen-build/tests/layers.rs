//! The order of the crate's modules, and who reads what somebody may change.

use std::collections::BTreeSet;
use std::path::Path;

use ctxgen_layers::Layers;
use ctxgen_layers::Tree;
use ctxgen_layers::words;

const LAYERS: Layers = Layers {
    order: &[
        "names",
        "display",
        "findings",
        "error",
        "libbpf_log",
        "outdir",
        "cargo",
        "cache",
        "clang",
        "plan",
        "stages/btf",
        "stages/scan",
        "stages/headers",
        "stages/compile",
        "stages/check",
        "stages/bind",
        "stages",
        "builder",
        "rust_programs",
    ],
    allowed: &[],
    circles: &[],
};

/// The one file that asks for variables, and tells cargo.
const INPUTS: &str = "cargo/inputs.rs";

/// The other files that read files, and what.
const READERS: [(&str, &str); 7] = [
    ("cache/record.rs", "what an earlier build has left"),
    (
        "cache/sources.rs",
        "what the preprocessor has read, which is noted then",
    ),
    ("clang/command.rs", "what tells a clang from another"),
    ("outdir.rs", "what the build itself has made"),
    ("stages/bind/skeleton.rs", "what libbpf-cargo has made"),
    (
        "stages/btf/kernel/places.rs",
        "the running kernel's release",
    ),
    (
        "stages/check/refused/texts.rs",
        "lines of sources, which are noted",
    ),
];

fn src() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn modules_use_what_stands_before_them() {
    let faults = LAYERS.faults(&Tree::read(&src()));
    assert!(faults.is_empty(), "\n{faults}");
}

/// The files in which one of these functions of a module is called.
fn callers(module: &str, functions: &[&str]) -> BTreeSet<String> {
    let files = Tree::read(&src()).files;
    let calls = |file: &String| {
        let text = std::fs::read_to_string(src().join(file)).unwrap();
        let words = words(&text);
        words.windows(3).any(|three| {
            three[0].text == module && three[1].text == "::" && functions.contains(&&*three[2].text)
        })
    };
    files.into_iter().filter(calls).collect()
}

#[test]
fn reading_is_declaring() {
    let asking = callers("env", &["var", "var_os", "vars", "vars_os"]);
    assert_eq!(asking, BTreeSet::from([INPUTS.to_owned()]));
    let reading = callers("fs", &["read", "read_to_string"]);
    let known = READERS.iter().map(|(file, _)| *file).chain([INPUTS]);
    assert_eq!(reading, known.map(str::to_owned).collect());
}

/// Cargo takes lines of a build script's output for orders: one place writes them, and one prints.
#[test]
fn cargo_is_told_in_one_place() {
    let (mut printing, mut telling) = (Vec::new(), Vec::new());
    for path in ctxgen_layers::files(&src()) {
        let text = std::fs::read_to_string(&path).unwrap();
        let file = path.strip_prefix(src()).unwrap().display().to_string();
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let has = |words: &[&str]| {
            let mut code = code.clone();
            code.any(|line| words.iter().any(|word| line.contains(word)))
        };
        if has(&[
            "print!(",
            "println!(",
            "io::stdout(",
            "io::stderr(",
            "dbg!(",
        ]) {
            printing.push(file.clone());
        }
        if has(&["\"cargo::", "\"cargo:"]) {
            telling.push(file);
        }
    }
    assert_eq!(printing, ["cargo/lines.rs"]);
    assert_eq!(telling, ["cargo/lines.rs"]);
}

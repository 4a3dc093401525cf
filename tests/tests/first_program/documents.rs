//! The Markdown files: code that is quoted, links, and the errors' texts.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use ctxgen_tests::workspace;

/// Where the programs are that another test compiles from the document itself.
const GUIDE: &str = "docs/from-bpf-prog.md";

/// All documents, by their path in the workspace.
fn documents() -> Vec<(String, String)> {
    let in_docs = fs::read_dir(workspace().join("docs")).unwrap();
    let in_docs = in_docs.map(|entry| format!("docs/{}", entry.unwrap().file_name().display()));
    let others = [
        "README.md",
        "ctxgen/README.md",
        "ctxgen-build/README.md",
        "example-bpf/template/README.md",
    ]
    .map(str::to_owned);
    let mut paths: Vec<String> = in_docs.chain(others).collect();
    paths.retain(|path| path.ends_with(".md"));
    paths.sort();
    let read = |path: String| {
        let text = fs::read_to_string(workspace().join(&path)).unwrap();
        (path, text)
    };
    paths.into_iter().map(read).collect()
}

/// A block of code.
#[derive(Debug)]
struct Fence<'t> {
    line: usize,
    /// What is behind the opening quotes.
    info: &'t str,
    /// The file that it says it is from, in a comment on the line before.
    from: Option<&'t str>,
    lines: Vec<&'t str>,
}

fn fences(text: &str) -> Vec<Fence<'_>> {
    let mut fences: Vec<Fence<'_>> = Vec::new();
    let (mut open, mut before) = (false, "");
    for (number, line) in (1..).zip(text.lines()) {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                let from = before.strip_prefix("<!-- from: ");
                fences.push(Fence {
                    line: number,
                    info,
                    from: from.and_then(|from| from.strip_suffix(" -->")),
                    lines: Vec::new(),
                });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => fences.last_mut().unwrap().lines.push(line),
            (None, false) => {}
        }
        before = line;
    }
    assert!(!open, "a block of code has no end");
    fences
}

/// Whether these lines stand in the text, one behind the other and with the same indentation to each other.
fn contains(text: &str, lines: &[&str]) -> bool {
    let all: Vec<&str> = text.lines().collect();
    let indent = |lines: &[&str]| {
        let filled = lines.iter().filter(|line| !line.trim().is_empty());
        let indents = filled.map(|line| line.len() - line.trim_start().len());
        indents.min().unwrap_or_default()
    };
    let cut = |lines: &[&str]| -> Vec<String> {
        let indent = indent(lines);
        let cut = |line: &&str| line.get(indent..).unwrap_or_default().to_owned();
        lines.iter().map(cut).collect()
    };
    let wanted = cut(lines);
    !lines.is_empty() && all.windows(lines.len()).any(|part| cut(part) == wanted)
}

#[test]
fn quoted_code_is_code_that_is_built() {
    let mut quoted = BTreeSet::new();
    for (path, text) in documents() {
        for fence in fences(&text) {
            let place = format!("{path}:{}", fence.line);
            if path == GUIDE && fence.info.starts_with("c ") {
                continue;
            }
            let is_code = ["c", "rust", "toml", "diff"].contains(&fence.info);
            assert!(
                ["", "sh", "console", "text", "yaml", "make"].contains(&fence.info) || is_code,
                "{place}: a block of code is c, rust, toml, sh, console, text, yaml or make"
            );
            let Some(from) = fence.from else {
                assert!(
                    !is_code,
                    "{place}: say which file this is from: <!-- from: PATH -->"
                );
                continue;
            };
            let file = fs::read_to_string(workspace().join(from))
                .unwrap_or_else(|error| panic!("{place}: {from}: {error}"));
            assert!(
                contains(&file, &fence.lines),
                "{place}: {from} has other lines"
            );
            quoted.insert(from.to_owned());
        }
    }
    // What other tests build.
    let built = [
        "docs/examples/",
        "docs/snippets/",
        "example-bpf/",
        "tests/external-crate/",
    ];
    for from in &quoted {
        assert!(
            built.iter().any(|folder| from.starts_with(folder)),
            "{from} is not built"
        );
    }
    assert!(quoted.len() >= 6, "{quoted:?}");
}

#[test]
fn other_lines_are_noticed() {
    let file = "a {\n\tb;\n\n\tc;\n}\n";
    for (lines, expected) in [
        (&["b;", "", "c;"][..], true),
        (&["a {", "\tb;"], true),
        (&["b;", "c;"], false),
        (&["a {", "b;"], false),
        (&["\tb"], false),
        (&[], false),
    ] {
        assert_eq!(contains(file, lines), expected, "{lines:?}");
    }
}

/// What a heading can be linked by.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}

/// The targets of links outside of code.
fn links(text: &str) -> Vec<&str> {
    let mut open = false;
    let mut links = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            open = !open;
        }
        let targets = line.split("](").skip(1).filter(|_| !open);
        links.extend(targets.filter_map(|rest| Some(rest.split_once(')')?.0)));
    }
    links
}

#[test]
fn links_lead_somewhere() {
    let mut count = 0;
    for (path, text) in documents() {
        let folder = workspace()
            .join(&path)
            .parent()
            .map(Path::to_owned)
            .unwrap();
        for link in links(&text)
            .into_iter()
            .filter(|link| !link.contains("://"))
        {
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let target: PathBuf = match file {
                "" => workspace().join(&path),
                file => folder.join(file),
            };
            assert!(target.exists(), "{path}: ({link}) leads nowhere");
            if !part.is_empty() {
                let text = fs::read_to_string(&target).unwrap();
                assert!(
                    anchors(&text).contains(part),
                    "{path}: ({link}): no such heading"
                );
            }
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn the_table_of_contents_is_complete() {
    let text = fs::read_to_string(workspace().join("docs/README.md")).unwrap();
    let listed: BTreeSet<&str> = links(&text).into_iter().collect();
    for (path, _) in documents() {
        if let Some(page) = path
            .strip_prefix("docs/")
            .filter(|page| *page != "README.md")
        {
            assert!(listed.contains(page), "docs/README.md does not list {page}");
        }
    }
}

/// The texts of the errors in a source: of each `#[error("…")]`, the longest part between placeholders.
fn texts(source: &str) -> Vec<String> {
    let file = syn::parse_file(source).unwrap();
    let enums = file.items.iter().filter_map(|item| match item {
        syn::Item::Enum(item) => Some(item),
        _ => None,
    });
    let attributes = enums
        .flat_map(|item| &item.variants)
        .flat_map(|variant| &variant.attrs);
    let literals = attributes.filter_map(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("error") => {
            let first = list.tokens.clone().into_iter().next()?;
            Some(syn::parse2::<syn::LitStr>(first.into()).ok()?.value())
        }
        _ => None,
    });
    literals.filter_map(|literal| longest(&literal)).collect()
}

/// The first words of the longest part of a format string that is the same for all values.
fn longest(literal: &str) -> Option<String> {
    let parts = literal
        .split(['{', '\n'])
        .flat_map(|part| part.rsplit('}').next());
    let parts = parts.flat_map(|part| part.split(['`', '"']));
    let longest = parts
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()))
        .max_by_key(|part| part.len())?;
    let words: Vec<&str> = longest.split_whitespace().take(6).collect();
    (words.len() >= 3).then(|| words.join(" "))
}

#[test]
fn the_longest_part_of_a_text() {
    for (literal, expected) in [
        ("{0}", None),
        ("cannot read {}: {error}", None),
        (
            "{a} is of {b} and cannot serve it `{c}` here",
            Some("and cannot serve it"),
        ),
        (
            "one two\nthree four five six seven eight nine",
            Some("three four five six seven eight"),
        ),
    ] {
        assert_eq!(longest(literal).as_deref(), expected, "{literal}");
    }
}

#[test]
fn every_error_is_explained() {
    let page = fs::read_to_string(workspace().join("docs/troubleshooting.md")).unwrap();
    let page: Vec<&str> = page.split_whitespace().collect();
    let page = page.join(" ");
    let (mut count, mut missing) = (0, Vec::new());
    for file in [
        "ctxgen-build/src/error/mod.rs",
        "ctxgen/src/load/error.rs",
        "ctxgen/src/hook/error.rs",
        "ctxgen/src/kernel/error.rs",
        "ctxgen/src/prototype/error.rs",
    ] {
        let source = fs::read_to_string(workspace().join(file)).unwrap();
        for text in texts(&source) {
            if !page.contains(&text) {
                missing.push(format!("{text} ({file})"));
            }
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
    assert!(
        missing.is_empty(),
        "docs/troubleshooting.md lacks:\n{}",
        missing.join("\n")
    );
}

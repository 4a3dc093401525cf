//! The order of the library's modules: data runs one way, so a module uses what stands before it in
//! [`ORDER`] and nothing behind it, and no two files use each other, however many are between them.
//!
//! Read are the library's sources as they stand, without what is compiled for tests alone.

mod source;
mod tree;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::LazyLock;

use self::tree::Arrow;
use self::tree::Tree;

/// The modules at the top, each with those before it to use.
const ORDER: &[&str] = &[
    "sorted",
    "text",
    "btf",
    "minimize",
    "hook",
    "image",
    "module",
    "tracefs",
    "user",
    "kernel",
    "ctype",
    "declaration",
    "prototype",
    "layout",
    "context",
    "usage",
    "object",
    "compare",
    "render",
    "pin",
    "load",
    "compiler",
    "error",
];

/// What is not cut yet: a module, one behind it in [`ORDER`] that it uses, and in how many lines.
const ALLOWED: &[(&str, &str, usize)] = &[];

/// Circles of files that are not cut yet, by how many files are in each.
const CIRCLES: &[usize] = &[7];

static TREE: LazyLock<Tree> = LazyLock::new(Tree::of_library);

#[test]
fn modules_use_what_stands_before_them() {
    let mut left: BTreeMap<(&str, &str), usize> = ALLOWED
        .iter()
        .map(|(from, to, count)| ((*from, *to), *count))
        .collect();
    let mut faults = String::new();
    for arrow in TREE.arrows.iter().filter(|arrow| runs_back(arrow)) {
        match left.get_mut(&modules(arrow)) {
            Some(count) if *count > 0 => *count -= 1,
            _ => writeln!(faults, "{arrow}").unwrap(),
        }
    }
    assert!(faults.is_empty(), "against the order of modules:\n{faults}");
    left.retain(|_, count| *count > 0);
    assert!(left.is_empty(), "cut, and allowed still: {left:?}");
}

#[test]
fn no_files_use_each_other() {
    let circles = circles(&TREE.arrows);
    let mut lines = String::new();
    for circle in &circles {
        writeln!(lines, "a circle of {} files", circle.len()).unwrap();
        for arrow in &TREE.arrows {
            if circle.contains(&arrow.from) && circle.contains(&arrow.to) {
                writeln!(lines, "  {arrow}").unwrap();
            }
        }
    }
    let sizes: Vec<_> = circles.iter().map(BTreeSet::len).collect();
    assert_eq!(sizes, CIRCLES, "\n{lines}");
}

#[test]
fn every_module_has_a_place_in_the_order() {
    let modules: BTreeSet<_> = TREE.files.iter().filter_map(|file| top(file)).collect();
    let ordered: BTreeSet<_> = ORDER.iter().copied().collect();
    assert_eq!(modules, ordered);
    assert_eq!(ordered.len(), ORDER.len());
}

/// The module at the top that a file is of; `None` of the crate's root.
fn top(file: &str) -> Option<&str> {
    let name = file.split('/').next()?;
    let name = name.strip_suffix(".rs").unwrap_or(name);
    (name != "lib").then_some(name)
}

/// The modules at the top that an arrow runs from and to. The root only says which names are public.
fn modules(arrow: &Arrow) -> (&str, &str) {
    let top = |file| top(file).unwrap_or_default();
    (top(&arrow.from), top(&arrow.to))
}

/// Whether an arrow runs to a module behind its own.
fn runs_back(arrow: &Arrow) -> bool {
    let rank = |name| ORDER.iter().position(|module| *module == name);
    let (from, to) = modules(arrow);
    !from.is_empty() && rank(to) > rank(from)
}

/// The sets of files of which each leads to each other, the largest first.
fn circles(arrows: &[Arrow]) -> Vec<BTreeSet<String>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for arrow in arrows {
        next.entry(&arrow.from).or_default().insert(&arrow.to);
    }
    let reach = |start: &str| {
        let mut seen = BTreeSet::new();
        let mut todo: Vec<&str> = vec![start];
        while let Some(file) = todo.pop() {
            for to in next.get(file).into_iter().flatten() {
                if seen.insert(*to) {
                    todo.push(to);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        next.keys().map(|file| (*file, reach(file))).collect();
    let mut circles = BTreeSet::new();
    for (file, to) in reached.iter().filter(|(file, to)| to.contains(*file)) {
        let leads_back = |other: &&&str| reached.get(**other).is_some_and(|it| it.contains(file));
        let circle: BTreeSet<String> = to
            .iter()
            .filter(leads_back)
            .map(|it| (*it).to_owned())
            .collect();
        circles.insert(circle);
    }
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
    circles
}

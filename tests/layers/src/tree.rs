//! The files of the library, and which of them uses which.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::source::Word;
use crate::source::words;

/// The words before the name of what an item defines.
const ITEMS: &[&str] = &[
    "struct",
    "enum",
    "union",
    "trait",
    "fn",
    "const",
    "static",
    "type",
    "macro_rules",
];

/// How many times a name may lead to another: more is a circle.
const MAX_STEPS: usize = 32;

/// A place where a file uses something of another.
#[derive(Debug)]
pub struct Arrow {
    /// The file, from `src` on.
    pub from: String,
    /// Counted from 1.
    pub line: usize,
    /// The other file, from `src` on.
    pub to: String,
    /// As it is written.
    path: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            from,
            line,
            to,
            path,
        } = self;
        write!(f, "{from}:{line} uses {to}: {path}")
    }
}

/// All of a library that is not for tests alone.
#[derive(Debug)]
pub struct Tree {
    /// The files, from `src` on.
    pub files: BTreeSet<String>,
    /// What they use of each other, by file and line.
    pub arrows: Vec<Arrow>,
}

impl Tree {
    /// That of the library whose `lib.rs` is in this folder.
    ///
    /// # Panics
    /// Where a file cannot be read.
    pub fn read(src: &Path) -> Self {
        let mut modules = Modules::default();
        modules.read(src, "lib.rs", "", Vec::new());
        let files = modules.by_path.values().map(|it| it.file.clone()).collect();
        let arrows = modules.by_path.keys().flat_map(|path| modules.arrows(path));
        Self {
            files,
            arrows: arrows.collect(),
        }
    }
}

/// A module that is a file.
#[derive(Default)]
struct Module {
    /// From `src` on.
    file: String,
    paths: Vec<Used>,
    /// The names that stand for something elsewhere, and what.
    names: BTreeMap<String, Vec<String>>,
    /// The modules all names of which are names in here.
    globs: Vec<Vec<String>>,
    /// What is defined in here.
    items: BTreeSet<String>,
}

/// A path in a file, from the root on.
struct Used {
    line: usize,
    text: String,
    segments: Vec<String>,
}

/// The modules, by their paths from the root on.
#[derive(Default)]
struct Modules {
    by_path: BTreeMap<Vec<String>, Module>,
}

impl Modules {
    /// Reads a module and those in it, which are in `folder`.
    fn read(&mut self, root: &Path, file: &str, folder: &str, path: Vec<String>) {
        let text =
            fs::read_to_string(root.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let words = words(&text);
        let children = children(&words);
        let mut module = Module {
            file: file.to_owned(),
            ..Module::default()
        };
        let mut reader = Reader {
            module: &mut module,
            path: &path,
            children: &children,
        };
        reader.read(&words);
        self.by_path.insert(path.clone(), module);
        for child in children {
            let folder_of_child = format!("{folder}{child}/");
            let alone = format!("{folder}{child}.rs");
            let file = match root.join(&alone).exists() {
                true => alone,
                false => format!("{folder_of_child}mod.rs"),
            };
            let path = path.iter().cloned().chain([child]).collect();
            self.read(root, &file, &folder_of_child, path);
        }
    }

    /// What a module uses of other files.
    fn arrows(&self, path: &[String]) -> Vec<Arrow> {
        let module = &self.by_path[path];
        let mut arrows: Vec<Arrow> = Vec::new();
        for used in &module.paths {
            let Some(to) = self.file_of(&used.segments, MAX_STEPS) else {
                continue;
            };
            let is_known = |it: &Arrow| it.to == to && it.line == used.line;
            if to != module.file && to != "lib.rs" && !arrows.iter().any(is_known) {
                arrows.push(Arrow {
                    from: module.file.clone(),
                    line: used.line,
                    to,
                    path: used.text.clone(),
                });
            }
        }
        arrows
    }

    /// The file that defines what a path from the root stands for.
    fn file_of(&self, segments: &[String], steps: usize) -> Option<String> {
        let steps = steps.checked_sub(1)?;
        let depth = (0..=segments.len())
            .rev()
            .find(|depth| self.by_path.contains_key(&segments[..*depth]))?;
        let module = &self.by_path[&segments[..depth]];
        let Some(name) = segments.get(depth) else {
            return Some(module.file.clone());
        };
        let elsewhere = |start: &[String], rest: &[String]| [start, rest].concat();
        if module.items.contains(name) {
            return Some(module.file.clone());
        }
        if let Some(target) = module.names.get(name) {
            return self.file_of(&elsewhere(target, &segments[depth + 1..]), steps);
        }
        let globs = module.globs.iter();
        globs
            .map(|glob| elsewhere(glob, &segments[depth..]))
            .find(|path| self.is_defined(path, steps))
            .and_then(|path| self.file_of(&path, steps))
    }

    /// Whether the module of a path has a name, so or from elsewhere.
    fn is_defined(&self, path: &[String], steps: usize) -> bool {
        let depth = (0..=path.len())
            .rev()
            .find(|at| self.by_path.contains_key(&path[..*at]));
        depth.is_some_and(|depth| {
            let module = &self.by_path[&path[..depth]];
            path.get(depth)
                .is_none_or(|name| module.items.contains(name) || module.names.contains_key(name))
                && steps > 0
        })
    }
}

/// The modules that a file has files for.
fn children(words: &[Word]) -> Vec<String> {
    let declared = words
        .windows(3)
        .filter(|three| three[0].text == "mod" && three[2].text == ";");
    declared.map(|three| three[1].text.clone()).collect()
}

/// What a file says, on its way into a [`Module`].
struct Reader<'m> {
    module: &'m mut Module,
    path: &'m [String],
    children: &'m [String],
}

impl Reader<'_> {
    fn read(&mut self, words: &[Word]) {
        let mut at = 0;
        while at < words.len() {
            let before = at.checked_sub(1).map(|at| &*words[at].text);
            let text = &*words[at].text;
            let next = words.get(at + 1).map(|word| &*word.text);
            // `impl Trait + use<'a>` takes in nothing.
            if text == "use" && next != Some("<") {
                at = self.read_use(words, at + 1);
                continue;
            }
            if ITEMS.contains(&text) {
                let name = words[at + 1..]
                    .iter()
                    .find(|word| !matches!(&*word.text, "!" | "mut"));
                self.module.items.extend(name.map(|name| name.text.clone()));
            }
            let starts = !matches!(before, Some("::" | "in")) && is_followed(words, at);
            at = match starts.then(|| self.start(text)).flatten() {
                Some(start) => self.read_path(words, at, start),
                None => at + 1,
            };
        }
    }

    /// What a path's first word stands for; `None` where it leads out of the crate.
    fn start(&self, word: &str) -> Option<Vec<String>> {
        match word {
            "crate" => Some(Vec::new()),
            "self" => Some(self.path.to_vec()),
            "super" => Some(self.path.split_last()?.1.to_vec()),
            _ if self.children.iter().any(|child| child == word) => {
                Some([self.path, &[word.to_owned()]].concat())
            }
            _ => None,
        }
    }

    /// Takes in the path at `at`, and says where it ends.
    fn read_path(&mut self, words: &[Word], at: usize, start: Vec<String>) -> usize {
        let mut segments = start;
        let mut text = words[at].text.clone();
        let mut end = at + 1;
        while words.get(end).is_some_and(|word| word.text == "::") {
            let Some(next) = words.get(end + 1).filter(|word| is_name(&word.text)) else {
                break;
            };
            text = format!("{text}::{}", next.text);
            match &*next.text {
                "super" => drop(segments.pop()),
                name => segments.push(name.to_owned()),
            }
            end += 2;
        }
        self.module.paths.push(Used {
            line: words[at].line,
            text,
            segments,
        });
        end
    }

    /// Takes in what is behind `use`, and says where it ends.
    fn read_use(&mut self, words: &[Word], mut at: usize) -> usize {
        let line = words[at].line;
        let start = self.start(&words[at].text);
        let mut is_ours = start.is_some();
        let mut segments = start.unwrap_or_default();
        at += 1;
        let mut name = segments.last().cloned();
        loop {
            match &*words[at].text {
                ";" | "," | "}" => break,
                "as" => {
                    name = Some(words[at + 1].text.clone());
                    at += 2;
                }
                "super" => {
                    segments.pop();
                    at += 1;
                }
                "*" if is_ours => {
                    self.module.globs.push(segments.clone());
                    self.use_of(line, segments.clone());
                    is_ours = false;
                    at += 1;
                }
                "{" => panic!("line {line}: one `use` per line is the rule"),
                word => {
                    if is_name(word) {
                        segments.push(word.to_owned());
                        name = Some(word.to_owned());
                    }
                    at += 1;
                }
            }
        }
        if let (true, Some(name)) = (is_ours, name) {
            self.module.names.insert(name, segments.clone());
            self.use_of(line, segments);
        }
        at
    }

    fn use_of(&mut self, line: usize, segments: Vec<String>) {
        self.module.paths.push(Used {
            line,
            text: format!("use crate::{}", segments.join("::")),
            segments,
        });
    }
}

fn is_followed(words: &[Word], at: usize) -> bool {
    words.get(at + 1).is_some_and(|word| word.text == "::")
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

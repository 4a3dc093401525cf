//! Finds the context structs that sources name.
//!
//! An identifier is enough: `struct btf_lsm_file_mprotect_ctx` is the request for it. What stands
//! in comments and strings is none, and neither is what the sources define themselves.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::path::PathBuf;

use ctxgen::Hook;

use crate::error::Error;
use crate::outdir::read;

/// A line of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// The file.
    pub path: PathBuf,
    /// Counted from 1.
    pub line: usize,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path.display(), self.line)
    }
}

/// A context struct that a source asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) hook: Hook,
    /// Where it is named first.
    pub(crate) site: Site,
}

/// What a source and the headers that it includes from the user's own folders ask for.
#[derive(Debug)]
pub(crate) struct Scanned {
    /// By struct name.
    pub(crate) requests: Vec<Request>,
    /// The source and the headers. The preprocessor may leave some of them out, but what they name
    /// is made all the same.
    pub(crate) files: BTreeSet<PathBuf>,
}

impl Scanned {
    /// What the sources of one object ask for together.
    pub(crate) fn of_object(sources: &[Self]) -> Self {
        let mut requests: BTreeMap<&str, &Request> = BTreeMap::new();
        let mut files = BTreeSet::new();
        for source in sources {
            files.extend(source.files.iter().cloned());
            for request in &source.requests {
                requests.entry(&request.name).or_insert(request);
            }
        }
        Self {
            requests: requests.into_values().cloned().collect(),
            files,
        }
    }
}

/// Scans a source. `include_dirs` are the folders that `#include` searches besides a file's own.
pub(crate) fn scan(source: &Path, include_dirs: &[PathBuf]) -> Result<Scanned, Error> {
    let mut scan = Scan {
        include_dirs,
        seen: BTreeSet::new(),
        named: BTreeMap::new(),
        defined: BTreeSet::new(),
    };
    scan.file(source)?;
    let Scan {
        named,
        defined,
        seen,
        ..
    } = scan;
    let requests = named
        .into_iter()
        .filter(|(name, _)| !defined.contains(name))
        .filter_map(|(name, site)| {
            Some(Request {
                hook: Hook::from_struct_name(&name)?,
                name,
                site,
            })
        })
        .collect();
    Ok(Scanned {
        requests,
        files: seen,
    })
}

/// Headers that ctxgen makes. One of these names in the program's own folder is a full kernel
/// header, and mentions of structs in it request nothing.
const GENERATED: [&str; 2] = ["vmlinux.h", "ctx.h"];

struct Scan<'a> {
    include_dirs: &'a [PathBuf],
    seen: BTreeSet<PathBuf>,
    named: BTreeMap<String, Site>,
    defined: BTreeSet<String>,
}

impl Scan<'_> {
    fn file(&mut self, path: &Path) -> Result<(), Error> {
        if !self.seen.insert(path.to_owned()) {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&read(path)?).into_owned();
        let tokens = tokens(&text);
        for (at, token) in tokens.iter().enumerate() {
            match &token.kind {
                TokenKind::Include { name, quoted } => {
                    let beside = path.parent().filter(|_| *quoted);
                    if let Some(header) = self.find(beside, name) {
                        self.file(&header)?;
                    }
                }
                TokenKind::Word(word) if Hook::from_struct_name(word).is_some() => {
                    if defines(&tokens, at) {
                        self.defined.insert((*word).to_owned());
                    }
                    let site = Site {
                        path: path.to_owned(),
                        line: token.line,
                    };
                    self.named.entry((*word).to_owned()).or_insert(site);
                }
                TokenKind::Word(_) | TokenKind::Other(_) => {}
            }
        }
        Ok(())
    }

    /// The file that an `#include` means that looks into the folder `beside` first; `None` where it
    /// is not one of the user's own.
    fn find(&self, beside: Option<&Path>, name: &str) -> Option<PathBuf> {
        if GENERATED.iter().any(|own| Path::new(name).ends_with(own)) {
            return None;
        }
        beside
            .into_iter()
            .chain(self.include_dirs.iter().map(PathBuf::as_path))
            .map(|dir| dir.join(name))
            .find(|path| path.is_file())
    }
}

/// Whether the word at that place is the name in a definition: `struct name {`.
fn defines(tokens: &[Token<'_>], at: usize) -> bool {
    let is = |at: Option<usize>, kind: &TokenKind<'_>| {
        at.and_then(|at| tokens.get(at))
            .is_some_and(|token| token.kind == *kind)
    };
    is(at.checked_sub(1), &TokenKind::Word("struct")) && is(Some(at + 1), &TokenKind::Other('{'))
}

#[derive(Debug)]
struct Token<'t> {
    line: usize,
    kind: TokenKind<'t>,
}

#[derive(Debug, PartialEq)]
enum TokenKind<'t> {
    Word(&'t str),
    /// The file that `#include` names, `"…"` or `<…>`.
    Include {
        name: &'t str,
        quoted: bool,
    },
    Other(char),
}

/// Words, included files and single characters of a C source, without comments and literals.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut lexer = Lexer {
        text,
        at: 0,
        line: 1,
    };
    let mut tokens: Vec<Token<'_>> = Vec::new();
    while let Some(c) = lexer.peek() {
        let line = lexer.line;
        let kind = if lexer.rest().starts_with("//") {
            lexer.line_comment();
            continue;
        } else if lexer.rest().starts_with("/*") {
            lexer.block_comment();
            continue;
        } else if c == '"' || c == '\'' {
            let literal = lexer.literal(c);
            if c == '"' && is_include(&tokens) {
                TokenKind::Include {
                    name: literal,
                    quoted: true,
                }
            } else {
                continue;
            }
        } else if c == '<' && is_include(&tokens) {
            TokenKind::Include {
                name: lexer.literal('>'),
                quoted: false,
            }
        } else if c.is_ascii_alphanumeric() || c == '_' {
            TokenKind::Word(lexer.word())
        } else {
            lexer.bump();
            if c.is_whitespace() || c == '\\' {
                continue;
            }
            TokenKind::Other(c)
        };
        tokens.push(Token { line, kind });
    }
    tokens
}

fn is_include(tokens: &[Token<'_>]) -> bool {
    matches!(
        tokens,
        [
            ..,
            Token {
                kind: TokenKind::Other('#'),
                ..
            },
            Token {
                kind: TokenKind::Word("include" | "include_next"),
                ..
            }
        ]
    )
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.line += usize::from(c == '\n');
        Some(c)
    }

    fn line_comment(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                '\n' => return,
                // The comment goes on behind an escaped line end.
                '\\' => {
                    self.bump();
                    self.bump();
                }
                _ => {
                    self.bump();
                }
            }
        }
    }

    fn block_comment(&mut self) {
        let len = self.rest()[2..].find("*/").map(|end| end + 4);
        let comment = &self.rest()[..len.unwrap_or(self.rest().len())];
        self.line += comment.matches('\n').count();
        self.at += comment.len();
    }

    /// A string or character literal, or a file's name in angle brackets: what is up to `end`.
    fn literal(&mut self, end: char) -> &'t str {
        self.bump();
        let start = self.at;
        while let Some(c) = self.peek() {
            // An apostrophe in text that the preprocessor skips closes at the end of its line.
            if c == end || c == '\n' {
                let inner = &self.text[start..self.at];
                self.bump();
                return inner;
            }
            self.bump();
            if c == '\\' {
                self.bump();
            }
        }
        &self.text[start..]
    }

    fn word(&mut self) -> &'t str {
        let rest = self.rest();
        let len = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(dir: &Path, source: &str) -> Vec<(String, usize)> {
        super::scan(&dir.join(source), &[])
            .unwrap()
            .requests
            .into_iter()
            .map(|request| (request.name, request.site.line))
            .collect()
    }

    fn scan(text: &str) -> Vec<(String, usize)> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.bpf.c"), text).unwrap();
        found(dir.path(), "a.bpf.c")
    }

    #[test]
    fn identifiers_are_requests() {
        let text = "int f(struct btf_lsm_file_open_ctx *ctx);\n\nstruct bpf_iter__task *t;\n";
        assert_eq!(
            scan(text),
            [
                ("bpf_iter__task".to_owned(), 3),
                ("btf_lsm_file_open_ctx".to_owned(), 1)
            ]
        );
    }

    #[test]
    fn comments_and_literals_are_not() {
        let text = r#"
            // struct btf_lsm_a_ctx \
               struct btf_lsm_b_ctx
            /* struct btf_lsm_c_ctx
             */
            char *s = "struct btf_lsm_d_ctx \" struct btf_lsm_e_ctx"; char q = '"';
            struct btf_lsm_f_ctx *f;
        "#;
        assert_eq!(scan(text), [("btf_lsm_f_ctx".to_owned(), 7)]);
    }

    #[test]
    fn an_apostrophe_in_skipped_text_ends_with_its_line() {
        let text = "#if 0\ndon't\n#endif\nstruct btf_lsm_a_ctx *a;\n";
        assert_eq!(scan(text), [("btf_lsm_a_ctx".to_owned(), 4)]);
    }

    #[test]
    fn own_definitions_are_not() {
        let text = "struct btf_lsm_a_ctx { int x; };\nint f(struct btf_lsm_a_ctx *a);\n";
        assert_eq!(scan(text), []);
    }

    #[test]
    fn macros_and_unfinished_text() {
        assert_eq!(
            scan("#define CTX btf_lsm_a_ctx\n/* open"),
            [("btf_lsm_a_ctx".to_owned(), 1)]
        );
        assert_eq!(scan("char *s = \"open"), []);
    }

    #[test]
    fn own_headers_are_followed_once() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write(
            "a.bpf.c",
            "#include \"vmlinux.h\"\n#include \"a.h\"\n#include <b.h>\n",
        );
        write("a.h", "#include \"a.h\"\nstruct btf_lsm_a_ctx;\n");
        write("b.h", "struct btf_lsm_b_ctx;\n");
        write("vmlinux.h", "struct btf_lsm_c_ctx;\n");
        assert_eq!(
            found(dir.path(), "a.bpf.c"),
            [("btf_lsm_a_ctx".to_owned(), 2)]
        );
    }
}

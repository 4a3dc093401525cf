//! The context structs that a preprocessed source names.
//!
//! `struct btf_lsm_file_mprotect_ctx` is the request for it, however it came to be spelt: what macros
//! put together counts, and what the preprocessor takes away does not. What a source or its headers
//! define themselves is no request either, and nor is what stands in complete headers of a kernel's
//! types, which mention all structs that there are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::headers::KernelHeaders;
use super::lexer::Lexer;
use super::lexer::Token;
use super::marker::Segment;
use super::marker::segments;
use super::place::ATTRIBUTE;
use super::place::is_generated;
use crate::hook::Hook;

/// What a preprocessed source asks of the generated headers.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Requests<'t> {
    /// The contexts that it names, by the structs' names.
    pub contexts: BTreeMap<&'t str, Request<'t>>,
    /// The structs of other names that look like contexts and that it does not define, each with the
    /// place where it is named first.
    pub others: BTreeMap<&'t str, Line<'t>>,
    /// Where the generated `ctx.h` is included first, if it is.
    pub ctx_h: Option<Line<'t>>,
    /// Another file of that name that it includes.
    pub other_ctx_h: Option<Cow<'t, str>>,
    /// The macro that it has to be compiled with because of a `vmlinux.h` of its own.
    pub macros: Option<&'static str>,
}

/// A context that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request<'t> {
    /// What the struct's name says of it.
    pub hook: Hook,
    /// Where it is named first.
    pub line: Line<'t>,
}

/// A line of a file, by the line markers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'t> {
    /// The file; `None` where the text has no line markers.
    pub file: Option<Cow<'t, str>>,
    /// Counted from 1.
    pub number: usize,
    /// Where it stands in the preprocessed text: a line that is read before another one has a smaller
    /// number.
    pub order: usize,
}

/// What the names of contexts begin with.
const CONTEXT: &str = "btf_";

impl<'t> Requests<'t> {
    /// The arguments with which clang preprocesses a source so that it can be read: with line markers and
    /// the definitions of macros, and with the generated `vmlinux.h` wherever it is included. Warnings
    /// are for when it compiles.
    pub const CLANG_ARGS: [&'static str; 4] = ["-DCTXGEN_WRAPPED_VMLINUX_H", "-w", "-E", "-dD"];

    /// Reads a source that was preprocessed with [`Requests::CLANG_ARGS`]. `generated` are the folders of
    /// the generated headers.
    pub fn of_preprocessed(text: &'t str, generated: &[&str]) -> Self {
        let headers = KernelHeaders::new(text, generated);
        let mut reader = Reader {
            requests: Self {
                macros: headers.macros(),
                ..Self::default()
            },
            ..Reader::default()
        };
        let mut before: Option<Segment<'_>> = None;
        for segment in segments(text) {
            let including = before.replace(segment);
            let Some(file) = segment.marker.file() else {
                continue;
            };
            let start = segment.text.as_ptr().addr() - text.as_ptr().addr();
            let line = |number| Line {
                file: Some(file.clone()),
                number,
                order: start,
            };
            let is_generated = is_generated(&file, generated);
            if segment.marker.enters && is_ctx_h(&file) {
                let requests = &mut reader.requests;
                match is_generated {
                    false => requests.other_ctx_h = Some(file.clone()),
                    true if requests.ctx_h.is_none() => {
                        requests.ctx_h = including.map(|segment| end(segment, start));
                    }
                    true => {}
                }
            }
            if !is_generated && !headers.has(&file) {
                let lexer = Lexer::from_line(segment.text, segment.marker.line);
                reader.read(lexer, line);
            }
        }
        // Without line markers (`-P`), nothing tells where something is from.
        if before.is_none() {
            reader.read(Lexer::new(text), unknown);
        }
        reader.finish()
    }

    /// Reads a source that no preprocessor has seen: what macros put together is missed, and what
    /// conditions take away counts.
    pub fn of_raw(text: &'t str) -> Self {
        let mut reader = Reader {
            is_raw: true,
            ..Reader::default()
        };
        reader.read(Lexer::new(text), unknown);
        reader.finish()
    }
}

/// A line of the text itself.
fn unknown<'t>(number: usize) -> Line<'t> {
    Line {
        file: None,
        number,
        order: number,
    }
}

/// The line of its file that stands behind a piece of text.
fn end(segment: Segment<'_>, order: usize) -> Line<'_> {
    let lines = segment.text.bytes().filter(|byte| *byte == b'\n').count();
    Line {
        file: segment.marker.file(),
        number: segment.marker.line + lines,
        order,
    }
}

fn is_ctx_h(file: &str) -> bool {
    file.rsplit('/').next() == Some("ctx.h")
}

/// What stands before a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    /// `struct` or `union`.
    Composite,
    /// The same, and an attribute that may have parentheses of that depth open.
    Attribute(usize),
    #[default]
    Other,
}

#[derive(Debug, Default)]
struct Reader<'t> {
    requests: Requests<'t>,
    defined: BTreeSet<&'t str>,
    before: Before,
    is_raw: bool,
}

impl<'t> Reader<'t> {
    fn read(&mut self, mut lexer: Lexer<'t>, line: impl Fn(usize) -> Line<'t>) {
        while let Some(token) = lexer.next() {
            self.before = match (self.before, token) {
                (_, Token::Word("struct" | "union")) => Before::Composite,
                (Before::Composite, Token::Word(ATTRIBUTE | "__attribute" | "__declspec")) => {
                    Before::Attribute(0)
                }
                (Before::Composite, Token::Mark(b'[')) => Before::Attribute(1),
                (Before::Composite, Token::Word(word)) => {
                    self.name(word, lexer.rest(), || line(lexer.line()));
                    Before::Other
                }
                (Before::Attribute(depth), token) => inside_attribute(depth, token),
                (_, Token::Word(word)) if self.is_raw => {
                    self.name(word, "", || line(lexer.line()));
                    Before::Other
                }
                _ => Before::Other,
            };
        }
    }

    /// Takes the name of a struct or union that has `rest` behind it.
    fn name(&mut self, name: &'t str, rest: &str, line: impl Fn() -> Line<'t>) {
        let hook = Hook::from_struct_name(name);
        if hook.is_none() && !name.starts_with(CONTEXT) {
            return;
        }
        if rest.starts_with('{') {
            self.defined.insert(name);
        }
        match hook {
            Some(hook) => {
                let contexts = &mut self.requests.contexts;
                let request = || Request { hook, line: line() };
                contexts.entry(name).or_insert_with(request);
            }
            None if self.is_raw => {}
            None => {
                self.requests.others.entry(name).or_insert_with(line);
            }
        }
    }

    fn finish(mut self) -> Requests<'t> {
        let defined = self.defined;
        let is_own = |name: &&str| defined.contains(name);
        self.requests.contexts.retain(|name, _| !is_own(name));
        self.requests.others.retain(|name, _| !is_own(name));
        self.requests
    }
}

fn inside_attribute(depth: usize, token: Token<'_>) -> Before {
    let depth = match token {
        Token::Mark(b'(' | b'[') => depth + 1,
        Token::Mark(b')' | b']') => depth.saturating_sub(1),
        _ => depth,
    };
    match depth {
        0 => Before::Composite,
        depth => Before::Attribute(depth),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(requests: &Requests<'_>) -> Vec<String> {
        let place = |(name, request): (&&str, &Request<'_>)| {
            let file = request.line.file.as_deref().unwrap_or_default();
            format!("{name} {file}:{}", request.line.number)
        };
        requests.contexts.iter().map(place).collect()
    }

    fn of(text: &str) -> Requests<'_> {
        Requests::of_preprocessed(text, &["/out/include"])
    }

    #[test]
    fn where_they_are_named_first() {
        let text = "# 1 \"a.c\"\n# 1 \"own.h\" 1\n\nint f(struct btf_lsm_a_ctx *);\n# 4 \"a.c\" 2\n\
                    struct btf_lsm_a_ctx *a;\n\nunion __attribute__((x(1))) btf_lsm_b_ctx *b;\n\
                    struct bpf_iter__task *t; int btf_lsm_c_ctx;\n";
        assert_eq!(
            named(&of(text)),
            [
                "bpf_iter__task a.c:7",
                "btf_lsm_a_ctx own.h:2",
                "btf_lsm_b_ctx a.c:6"
            ]
        );
    }

    #[test]
    fn own_definitions_are_none() {
        let text = "# 1 \"a.c\"\nint f(struct btf_lsm_a_ctx *a);\nstruct btf_lsm_a_ctx { int x; };\n\
                    struct __attribute__((packed)) btf_lsm_b_ctx { int y; };\n\
                    struct [[x::y(1)]] __declspec(z) btf_lsm_e_ctx { int y; };\nstruct btf_c { int z; };\n\
                    struct\n# 9 \"a.c\"\nbtf_lsm_d_ctx\n{ int x; };";
        let requests = of(text);
        assert!(named(&requests).is_empty(), "{requests:?}");
        assert!(requests.others.is_empty());
    }

    #[test]
    fn generated_and_complete_headers_ask_for_nothing() {
        let text = "# 1 \"a.c\"\n# 1 \"own/v.h\" 1\n#define __VMLINUX_H__ \nstruct bpf_iter__task;\n\
                    struct a {\n};\n# 2 \"a.c\" 2\n# 1 \"/out/include/ctx.h\" 1 3\n\
                    struct btf_lsm_a_ctx;\n# 3 \"a.c\" 2\n# 1 \"/out/includes/ctx.h\" 1\n\
                    struct btf_lsm_b_ctx;\n# 4 \"a.c\" 2\n# 1 \"vmlinux.h\" 1\nstruct btf_lsm_c_ctx;\n";
        let requests = of(text);
        assert_eq!(
            named(&requests),
            [
                "btf_lsm_b_ctx /out/includes/ctx.h:1",
                "btf_lsm_c_ctx vmlinux.h:1"
            ]
        );
        assert_eq!(requests.ctx_h.map(|line| line.number), Some(2));
        assert_eq!(requests.other_ctx_h.as_deref(), Some("/out/includes/ctx.h"));
    }

    #[test]
    fn names_that_are_no_contexts() {
        let text = "# 1 \"a.c\"\nstruct btf_fentyr_a_ctx *a;\nstruct btf *b; struct c *c;\n";
        let requests = of(text);
        let others: Vec<_> = requests.others.iter().collect();
        assert_eq!(others.len(), 1);
        assert_eq!((*others[0].0, others[0].1.number), ("btf_fentyr_a_ctx", 1));
        assert!(requests.contexts.is_empty() && requests.ctx_h.is_none());
    }

    #[test]
    fn without_line_markers() {
        assert_eq!(
            named(&of("int a;\nstruct btf_lsm_a_ctx *b;\n")),
            ["btf_lsm_a_ctx :2"]
        );
    }

    #[test]
    fn raw_text() {
        let text = "#if 0\ndon't\n#endif\n# define CTX btf_lsm_a_ctx\n\
                    // struct btf_lsm_b_ctx \\\n struct btf_lsm_c_ctx\n/* struct btf_lsm_d_ctx */\n\
                    char *s = \"struct btf_lsm_e_ctx\";\nstruct btf_lsm_f_ctx *f; /* open";
        let text = text.replace('#', " ");
        let requests = Requests::of_raw(&text);
        assert_eq!(named(&requests), ["btf_lsm_a_ctx :4", "btf_lsm_f_ctx :9"]);
    }
}

//! Lines for generated Rust.
//!
//! bindgen gives its text as words with blanks between. Here it gets an item, a field or a statement per
//! line, so that people can read it and compilers can name a line of it. The words stay as they are: no
//! rustfmt is run, whose version or absence would change what a build leaves, and there is no parser to agree
//! with bindgen about a version of its syntax tree.

/// What a level of braces is indented by.
const INDENT: &str = "    ";
/// The signs of several characters, of two that begin in the same way the longer one first. `>>` is none:
/// two that close generics are two.
const SIGNS: [&str; 23] = [
    "...", "..=", "<<=", ">>=", "::", "->", "=>", "==", "!=", "<=", ">=", "&&", "||", "<<", "..",
    "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=",
];

/// The text in lines, each but an empty text's with its end.
pub(super) fn in_lines(text: &str) -> String {
    let words = words(text);
    let mut lines = Lines::default();
    for (at, word) in words.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| words.get(at));
        let next = words.get(at + 1);
        lines.add(word, before.copied(), next.copied());
    }
    lines.end_line();
    lines.text
}

/// The words of a text: names and numbers, literals, brackets, commas and semicolons, and other signs.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = rest.split_at(length(rest, first));
        words.push(word);
        rest = behind.trim_start();
    }
    words
}

/// How many bytes the first word has.
fn length(rest: &str, first: char) -> usize {
    if is_of_name(first) {
        let name = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        // With the letters before it, a literal is one word: `b"…"`.
        return name + quoted(&rest[name..]).unwrap_or(0);
    }
    let sign = || SIGNS.iter().find(|sign| rest.starts_with(**sign));
    quoted(rest)
        .or_else(|| sign().map(|sign| sign.len()))
        .unwrap_or(first.len_utf8())
}

/// How many bytes the string, the character or the lifetime has that starts here.
fn quoted(rest: &str) -> Option<usize> {
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inside = &rest[1..];
    let mut is_escaped = false;
    let end = inside.find(|c| {
        let ends = c == quote && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    let is_literal =
        |end: usize| quote == '"' || inside.starts_with('\\') || inside[..end].chars().count() == 1;
    let lifetime = || inside.find(|c| !is_of_name(c)).unwrap_or(inside.len());
    Some(match end.filter(|end| is_literal(*end)) {
        Some(end) => end + 2,
        None if quote == '"' => rest.len(),
        None => 1 + lifetime(),
    })
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Whether a sign is a word wherever it stands.
fn is_alone(c: char) -> bool {
    matches!(c, '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';')
}

/// The text so far.
#[derive(Default)]
struct Lines<'t> {
    text: String,
    /// The brackets that are open, and whether each is that of an attribute.
    open: Vec<(&'t str, bool)>,
    /// Whether the last line has words.
    has_begun: bool,
    last: Option<&'t str>,
}

impl<'t> Lines<'t> {
    fn add(&mut self, word: &'t str, before: Option<&str>, next: Option<&str>) {
        let is_attribute = word == "[" && matches!(before, Some("#" | "#!"));
        let closed = match word {
            ")" | "]" | "}" => self.open.pop(),
            _ => None,
        };
        if word == "}" && before != Some("{") {
            self.end_line();
        }
        self.write(word);
        if matches!(word, "(" | "[" | "{") {
            self.open.push((word, is_attribute));
        }
        if self.ends_line(word, closed.is_some_and(|(_, of)| of), next) {
            self.end_line();
        }
    }

    /// Whether a line ends behind a word.
    fn ends_line(&self, word: &str, closes_attribute: bool, next: Option<&str>) -> bool {
        let is_in_block = self.open.last().is_none_or(|(bracket, _)| *bracket == "{");
        match word {
            "{" => next != Some("}"),
            "}" => is_in_block && !matches!(next, Some("," | ";" | "." | "else" | ")")),
            ";" | "," => is_in_block,
            "]" => is_in_block && closes_attribute,
            _ => false,
        }
    }

    fn write(&mut self, word: &'t str) {
        if !self.has_begun {
            let depth = self.open.iter().filter(|(bracket, _)| *bracket == "{");
            let indent = INDENT.repeat(depth.count());
            self.text.push_str(&indent);
        } else if self.last.is_some_and(|last| is_apart(last, word)) {
            self.text.push(' ');
        }
        self.text.push_str(word);
        self.has_begun = true;
        self.last = Some(word);
    }

    fn end_line(&mut self) {
        if self.has_begun {
            self.text.push('\n');
        }
        self.has_begun = false;
    }
}

/// Pairs of signs that stand together; all others would be another sign, or be misread.
const TOGETHER: [(&str, &str); 7] = [
    ("#", "!"),
    ("::", "<"),
    (">", "::"),
    (">", ">"),
    ("<", "::"),
    ("<", "*"),
    ("<", "&"),
];

/// Whether a blank stands between two words of a line.
fn is_apart(last: &str, word: &str) -> bool {
    if is_sign(last) && is_sign(word) {
        return !TOGETHER.contains(&(last, word));
    }
    match (last, word) {
        ("(" | "[" | "::" | "&" | "#" | "!" | "." | "<", _) => false,
        ("*", "mut" | "const") | ("{", "}") => false,
        (_, ")" | "]" | "," | ";" | ":" | "." | ">") => false,
        ("impl" | "fn", "<") | (")" | "]" | ">", "(" | "[") => false,
        (name, "(" | "[" | "<" | "::" | "!") => !is_name(name),
        _ => true,
    }
}

/// Whether a word is made of signs, brackets, commas and semicolons aside.
fn is_sign(word: &str) -> bool {
    let mut chars = word.chars();
    let is_other = |c| is_of_name(c) || is_alone(c) || matches!(c, '"' | '\'');
    chars.next().is_some_and(|first| !is_other(first))
}

/// Whether a word names something: it is no literal, and no word that an expression or a type stands behind.
fn is_name(word: &str) -> bool {
    let is_before_another = matches!(
        word,
        "as" | "const"
            | "dyn"
            | "else"
            | "for"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "match"
            | "mut"
            | "return"
    );
    word.starts_with(is_of_name) && !word.ends_with('"') && !is_before_another
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What bindgen writes, and the lines of it.
    const TEXTS: [(&str, &str); 8] = [
        ("", ""),
        (
            "pub type __u32 = :: core :: ffi :: c_uint ;",
            "pub type __u32 = ::core::ffi::c_uint;\n",
        ),
        (
            "# [repr (C)] # [derive (Debug , Default)] pub struct a { pub val : [u8 ; 4usize] , pub b : * mut * mut c , }",
            "#[repr(C)]\n#[derive(Debug, Default)]\npub struct a {\n    pub val: [u8; 4usize],\n    pub b: *mut *mut c,\n}\n",
        ),
        (
            "# [allow (clippy :: identity_op)] const _ : () = { [\"Size of { a\"] [:: core :: mem :: size_of :: < a > () - 4usize] ; } ;",
            "#[allow(clippy::identity_op)]\nconst _: () = {\n    [\"Size of { a\"][::core::mem::size_of::<a>() - 4usize];\n};\n",
        ),
        (
            "impl Default for a { fn default () -> Self { unsafe { write_bytes (s . as_mut_ptr () , 0 , 1) ; s . assume_init () } } }",
            "impl Default for a {\n    fn default() -> Self {\n        unsafe {\n            write_bytes(s.as_mut_ptr(), 0, 1);\n            s.assume_init()\n        }\n    }\n}\n",
        ),
        (
            "pub f : :: core :: option :: Option < unsafe extern \"C\" fn (a : & 'static [u8]) -> * const T > ,",
            "pub f: ::core::option::Option<unsafe extern \"C\" fn(a: &'static [u8]) -> *const T>,\n",
        ),
        (
            "impl < T > :: core :: fmt :: Debug for I < T > { } # [doc = \"a \\\" ; b\"] pub const A : u8 = b'x' ;",
            "impl<T>::core::fmt::Debug for I<T> {}\n#[doc = \"a \\\" ; b\"]\npub const A: u8 = b'x';\n",
        ),
        (
            "offset_of ! (a , b) ; a < - 1",
            "offset_of!(a, b);\na< - 1\n",
        ),
    ];

    #[test]
    fn lines() {
        for (text, expected) in TEXTS {
            assert_eq!(in_lines(text), expected);
        }
    }

    #[test]
    fn words_stay() {
        for (text, _) in TEXTS {
            let made = in_lines(text);
            assert_eq!(words(&made).concat(), words(text).concat());
            assert_eq!(in_lines(&made), made);
        }
    }

    #[test]
    fn any_text_has_lines() {
        for text in [
            "\"", "'", "b\"", "} ) ]", "{ ( [", "\"\\", "é ü", "/* \" */",
        ] {
            assert!(in_lines(text).ends_with('\n'), "{text}");
        }
    }
}

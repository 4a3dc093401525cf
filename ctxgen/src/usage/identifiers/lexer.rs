//! The words of preprocessed C.

use super::marker::Marker;
use crate::text::ident::is_word;

/// A piece of the text; blanks, numbers and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'t> {
    /// The text that follows is from this file.
    File(&'t str),
    /// The name of a macro that is defined here.
    Define(&'t str),
    /// A keyword or identifier.
    Word(&'t str),
    /// What is inside the quotes of a string.
    Literal(&'t str),
    /// Any other character.
    Mark(u8),
}

/// Build scripts are not optimized: what is done for each byte is done on bytes, by a loop.
pub(crate) struct Lexer<'t> {
    text: &'t str,
    at: usize,
    at_line_start: bool,
    /// The line of the last token, by the last line marker.
    line: usize,
}

impl<'t> Lexer<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self::from_line(text, 1)
    }

    /// For a text that begins at this line of its file.
    pub(super) fn from_line(text: &'t str, line: usize) -> Self {
        Self {
            text,
            at: 0,
            at_line_start: true,
            line,
        }
    }

    /// The line of the last token in its file.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Where the last token ends.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// What is behind the last token, without blanks before it.
    pub(crate) fn rest(&self) -> &'t str {
        self.text[self.at..].trim_ascii_start()
    }

    pub(crate) fn next(&mut self) -> Option<Token<'t>> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            let start = self.at;
            let is_first = std::mem::replace(&mut self.at_line_start, byte == b'\n');
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b'\\' => {
                    self.at += 1;
                    self.line += usize::from(byte == b'\n');
                }
                b'#' if is_first => {
                    let line = self.rest_of_line();
                    if let Some(marker) = Marker::parse(line) {
                        // The line that it stands in ends before that.
                        self.line = marker.line.saturating_sub(1);
                        return Some(Token::File(marker.path));
                    }
                    if let Some(token) = defined(line) {
                        return Some(token);
                    }
                }
                b'"' => return Some(Token::Literal(self.quoted(byte))),
                b'\'' => {
                    self.quoted(byte);
                }
                b'/' if bytes.get(start + 1) == Some(&b'/') => {
                    self.rest_of_line();
                }
                b'/' if bytes.get(start + 1) == Some(&b'*') => self.comment(),
                // With its suffix, exponent and hexadecimal digits.
                b'0'..=b'9' => {
                    while bytes.get(self.at).is_some_and(|&b| is_word(b) || b == b'.') {
                        self.at += 1;
                    }
                }
                byte if is_word(byte) => {
                    while bytes.get(self.at).is_some_and(|&b| is_word(b)) {
                        self.at += 1;
                    }
                    return Some(Token::Word(&self.text[start..self.at]));
                }
                _ => {
                    self.at += 1;
                    // Whoever looks at the rest finds whole characters.
                    while !self.text.is_char_boundary(self.at) {
                        self.at += 1;
                    }
                    return Some(Token::Mark(byte));
                }
            }
        }
        None
    }

    /// Goes to the end of the line, and of those that it is continued in. The first of them.
    fn rest_of_line(&mut self) -> &'t str {
        let start = self.at;
        let mut first = None;
        loop {
            let rest = &self.text[self.at..];
            let line = rest.split_once('\n').map_or(rest, |(line, _)| line);
            self.at += line.len();
            first.get_or_insert(&self.text[start..self.at]);
            let goes_on = line.ends_with('\\') && self.at < self.text.len();
            if !goes_on {
                return first.unwrap_or_default();
            }
            self.at += 1;
            self.line += 1;
        }
    }

    fn comment(&mut self) {
        let rest = &self.text[self.at + 2..];
        let len = rest.find("*/").map_or(rest.len(), |end| end + 2);
        self.line += rest[..len].bytes().filter(|byte| *byte == b'\n').count();
        self.at += 2 + len;
    }

    /// Goes behind a literal; what is in it.
    fn quoted(&mut self, quote: u8) -> &'t str {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        self.at = start;
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                // An apostrophe in text that no preprocessor has seen.
                b'\n' => return self.text.get(start..self.at).unwrap_or_default(),
                _ if byte == quote => break,
                _ => self.at += 1,
            }
        }
        let end = self.at.min(bytes.len());
        self.at = (end + 1).min(bytes.len());
        // It ends in the middle of a character only where an escaped one is the last of a text that
        // nobody has closed.
        self.text.get(start..end).unwrap_or_default()
    }
}

/// The macro of `#define name`, as compilers write that back.
fn defined(line: &str) -> Option<Token<'_>> {
    let rest = line.strip_prefix("#define ")?;
    let end = rest.bytes().position(|byte| !is_word(byte));
    Some(Token::Define(&rest[..end.unwrap_or(rest.len())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<Token<'_>> {
        let mut lexer = Lexer::new(text);
        std::iter::from_fn(|| lexer.next()).collect()
    }

    #[test]
    fn kinds() {
        use Token::File;
        use Token::Literal;
        use Token::Mark;
        use Token::Word;
        assert_eq!(
            tokens("# 1 \"a b.c\" 1 3\nint x1 = 0x1fUL; // y\n/* z */ s = \"q\\\"r\", 'c';"),
            [
                File("a b.c"),
                Word("int"),
                Word("x1"),
                Mark(b'='),
                Mark(b';'),
                Word("s"),
                Mark(b'='),
                Literal("q\\\"r"),
                Mark(b','),
                Mark(b';'),
            ]
        );
    }

    #[test]
    fn pragmas_are_no_words() {
        assert_eq!(tokens("#pragma clang attribute pop\nx"), [Token::Word("x")]);
        assert_eq!(tokens("a # b").len(), 3);
    }

    #[test]
    fn lines() {
        let text = "a\n\n/* \n */ b // \\\n c\n#define X \\\n  d\ne\n# 7 \"x.c\" 2\nf \"g\" \n h";
        let mut lexer = Lexer::from_line(text, 10);
        let mut lines = Vec::new();
        while let Some(token) = lexer.next() {
            if let Token::Word(word) = token {
                lines.push((word, lexer.line()));
            }
        }
        let expected = [("a", 10), ("b", 13), ("e", 17), ("f", 7), ("h", 8)];
        assert_eq!(lines, expected);
    }

    #[test]
    fn an_apostrophe_in_skipped_text_ends_with_its_line() {
        assert_eq!(tokens("don't\nx"), [Token::Word("don"), Token::Word("x")]);
    }

    #[test]
    fn a_mark_is_a_whole_character() {
        let mut lexer = Lexer::new("é = x");
        assert_eq!(lexer.next(), Some(Token::Mark("é".as_bytes()[0])));
        assert_eq!(lexer.rest(), "= x");
    }

    /// Whatever it is, it ends.
    #[test]
    fn unfinished_text() {
        for text in [
            "\"a", "'", "/* a", "//", "#", "\"a\\", "\"\\é", "é", "a\\", "/",
        ] {
            tokens(text);
        }
    }
}

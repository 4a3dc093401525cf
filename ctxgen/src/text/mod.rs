//! Text from elsewhere (names of an object, of BTF, of files) where people, terminals and compilers read
//! it. Each medium has one function:
//!
//! | medium | what makes text fit for it |
//! | --- | --- |
//! | a terminal or log, whole | [`terminal`] |
//! | a name or path inside of a line | [`name`] |
//! | a command that somebody types | [`shell`] |
//! | the inside of a C comment | [`c_comment`] |
//! | a C identifier | `ident::field_name`; what cannot be one is an error (`declaration::check_declaration`) |
//! | JSON | serde, and [`terminal`] behind it: what that writes is an escape of JSON too |
//! | a Rust identifier | [`rust_identifier`]; of what is in objects, `ctxgen_build`'s `skeleton::names` |
//! | HTML, XML, Markdown, GitHub's commands, a URI | `report`'s function of that name |
//! | JSON in a page of HTML | serde, and `report::json_in_html` behind it |
//! | a line for cargo | `ctxgen_build`'s `cargo`, with [`terminal`]: cargo prints it as it is |

pub(crate) mod ident;
pub(crate) mod nearest;
#[cfg(feature = "cli")]
pub(crate) mod report;
pub(crate) mod struct_names;

use std::borrow::Cow;
use std::fmt::Write;

pub use self::ident::rust_identifier;

/// A text in which nothing but newlines and tabs controls a terminal: other control characters, and those
/// that turn the direction of text, are escaped (`\u001b`), as JSON has them.
pub fn terminal(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_control(c) && !matches!(c, '\n' | '\t'))
}

/// A word as a shell takes it for one.
pub fn shell(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=+,@%".contains(c);
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.into(),
        false => format!("'{}'", word.replace('\'', "'\\''")).into(),
    }
}

/// As [`terminal`], but on one line: newlines and tabs are escaped too.
pub fn name(text: &str) -> Cow<'_, str> {
    escaped(text, is_control)
}

/// A text on one line that can stand in a C comment: neither does it end the comment, nor begin one, nor
/// continue its line behind the end, by a backslash or by the trigraph of one. Compilers pass over spaces
/// between those and the end of the line.
pub fn c_comment(text: &str) -> String {
    let text = name(text);
    let mut comment = String::with_capacity(text.len());
    let mut last = ' ';
    let end = text.trim_end().len();
    for (at, c) in text.char_indices() {
        let is_last = at + c.len_utf8() == end;
        if is_last && (c == '\\' || c == '/' && comment.ends_with("??")) {
            let _ = write!(comment, "\\u{:04x}", u32::from(c));
            last = ' ';
            continue;
        }
        // Also with what stands before or behind this text.
        if matches!((last, c), ('*', '/') | ('/', '*')) {
            comment.push(' ');
        }
        comment.push(c);
        last = c;
    }
    if comment.starts_with('/') {
        comment.insert(0, ' ');
    }
    if comment.ends_with(['*', '/']) {
        comment.push(' ');
    }
    comment
}

fn escaped(text: &str, is_such: impl Fn(char) -> bool) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
    let plain = text.strip_suffix('\n').unwrap_or(text);
    // Nearly always, and quick to tell.
    let is_plain = plain.bytes().all(is_plain) && !is_such('\n') && !is_such('\t');
    if is_plain || !text.chars().any(&is_such) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_such(c) {
            true => {
                let _ = write!(escaped, "\\u{:04x}", u32::from(c));
            }
            false => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Whether a character does something other than to show itself: C0, DEL and C1, line and paragraph
/// separators, and what turns the direction of text (Unicode's `Bidi_Control`).
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_a_terminal_is_escaped() {
        for (text, whole, one_line) in [
            ("plain é ✓", "plain é ✓", "plain é ✓"),
            ("a\n\tb", "a\n\tb", "a\\u000a\\u0009b"),
            (
                "\u{1b}]0;title\u{7}",
                "\\u001b]0;title\\u0007",
                "\\u001b]0;title\\u0007",
            ),
            ("a\rb\u{7f}", "a\\u000db\\u007f", "a\\u000db\\u007f"),
            ("\u{9b}2J", "\\u009b2J", "\\u009b2J"),
            ("\u{202e}fdp", "\\u202efdp", "\\u202efdp"),
            ("\u{2067}x\u{2028}", "\\u2067x\\u2028", "\\u2067x\\u2028"),
        ] {
            assert_eq!(terminal(text), whole);
            assert_eq!(name(text), one_line);
        }
    }

    #[test]
    fn escapes_are_jsons() {
        let text = "\u{1b}\u{7f}\u{202e}";
        let json = format!("\"{}\"", name(text));
        assert_eq!(json, "\"\\u001b\\u007f\\u202e\"");
    }

    #[test]
    fn comments_stay_closed() {
        for (text, expected) in [
            ("plain", "plain"),
            ("uprobe/*/x", "uprobe/ * /x"),
            ("*\\\n/ int evil;", "*\\\\u000a/ int evil;"),
            ("/", " / "),
            ("x*", "x* "),
            ("x\\", "x\\u005c"),
            ("x\\  ", "x\\u005c  "),
            ("*??/", "*??\\u002f"),
            ("*??/ ", "*??\\u002f "),
            ("x\\ y", "x\\ y"),
            ("**//**", "** // ** "),
        ] {
            assert_eq!(c_comment(text), expected);
        }
    }
}

//! What makes text fit for the formats of reports. Each function takes text from elsewhere and first does
//! what [`name`] does, so that nothing in a report controls a terminal or turns the direction of text.

use std::borrow::Cow;
use std::fmt::Write;

use super::name;

/// Characters that mean something in HTML, in text or in a quoted attribute.
const HTML: &[(char, &str)] = &[
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('"', "&quot;"),
    ('\'', "&#39;"),
];

/// As [`HTML`], and what XML 1.0 cannot hold besides control characters.
const XML: &[(char, &str)] = &[
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('"', "&quot;"),
    ('\'', "&apos;"),
    ('\u{fffe}', "\\ufffe"),
    ('\u{ffff}', "\\uffff"),
];

/// Characters that can begin something in GitHub's Markdown, table cells and formulas included.
const MARKDOWN: &[(char, &str)] = &[
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('|', "&#124;"),
    ('`', "&#96;"),
    ('*', "&#42;"),
    ('[', "&#91;"),
    (']', "&#93;"),
    ('\\', "&#92;"),
    ('~', "&#126;"),
    ('$', "&#36;"),
    ('@', "&#64;"),
    ('#', "&#35;"),
];

/// What [GitHub's commands](https://docs.github.com/actions/reference/workflow-commands-for-github-actions)
/// take for the end of a line or for an escape.
const GITHUB_MESSAGE: &[(char, &str)] = &[('%', "%25"), ('\r', "%0D"), ('\n', "%0A")];

/// As [`GITHUB_MESSAGE`], and what ends a property.
const GITHUB_PROPERTY: &[(char, &str)] = &[
    ('%', "%25"),
    ('\r', "%0D"),
    ('\n', "%0A"),
    (':', "%3A"),
    (',', "%2C"),
];

/// What ends a `<script>` or starts a comment in it, and what JavaScript once took for the end of a line.
/// Each becomes an escape that JSON has too.
const JSON_IN_HTML: &[(char, &str)] = &[
    ('&', "\\u0026"),
    ('<', "\\u003c"),
    ('>', "\\u003e"),
    ('\u{2028}', "\\u2028"),
    ('\u{2029}', "\\u2029"),
];

/// Text of an HTML element or of a quoted attribute, on one line.
pub(crate) fn html(text: &str) -> String {
    replaced(&name(text), HTML)
}

/// Text of an XML 1.0 element or of a quoted attribute, on one line. What XML has no character for is
/// escaped as JSON has it.
pub(crate) fn xml(text: &str) -> String {
    replaced(&name(text), XML)
}

/// A text in GitHub's Markdown, in a table's cell too, on one line.
pub(crate) fn markdown(text: &str) -> String {
    let text = name(text);
    let mut out = String::with_capacity(text.len());
    let mut last = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let is_inside = last.is_alphanumeric() && rest.peek().is_some_and(|c| c.is_alphanumeric());
        match c {
            // Inside of a word it emphasizes nothing.
            '_' if !is_inside => out.push_str("&#95;"),
            // The start of an emoji's name has no space behind it.
            ':' if rest.peek().is_some_and(|c| !c.is_whitespace()) => out.push_str("&#58;"),
            c => push(&mut out, c, MARKDOWN),
        }
        last = c;
    }
    out
}

/// Code in GitHub's Markdown, in a table's cell too, on one line.
pub(crate) fn markdown_code(text: &str) -> String {
    let text = name(text);
    // A span of code cannot be had around these in a cell of a table, or not without rules of its own.
    let is_plain = !text.contains(['`', '|', '\\']) && text.trim() == text && !text.is_empty();
    match is_plain {
        true => format!("`{text}`"),
        false => format!("<code>{}</code>", markdown(&text)),
    }
}

/// The message of a command of GitHub's, of one or more lines.
pub(crate) fn github_message(text: &str) -> String {
    let lines: Vec<Cow<'_, str>> = text.lines().map(name).collect();
    replaced(&lines.join("\n"), GITHUB_MESSAGE)
}

/// A property of a command of GitHub's.
pub(crate) fn github_property(text: &str) -> String {
    replaced(&name(text), GITHUB_PROPERTY)
}

/// JSON for the inside of a `<script>` in HTML.
pub(crate) fn json_in_html(json: &str) -> String {
    replaced(json, JSON_IN_HTML)
}

/// A path as a relative reference or, where it is absolute, as a `file` URI. Names stay names: `a:b` is
/// no scheme.
pub(crate) fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len() + 8);
    if path.starts_with('/') {
        out.push_str("file://");
    }
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

fn replaced(text: &str, table: &[(char, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        push(&mut out, c, table);
    }
    out
}

fn push(out: &mut String, c: char, table: &[(char, &str)]) {
    match table.iter().find(|(of, _)| *of == c) {
        Some((_, text)) => out.push_str(text),
        None => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The function, a text, and what becomes of it.
    type Row = (fn(&str) -> String, &'static str, &'static str);

    const ROWS: &[Row] = &[
        (
            html,
            "a<b> & \"c\" 'd'",
            "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;",
        ),
        (html, "\u{202e}x\n\u{1b}", "\\u202ex\\u000a\\u001b"),
        (xml, "<a b='c'>&\"", "&lt;a b=&apos;c&apos;&gt;&amp;&quot;"),
        (
            xml,
            "\0\u{1b}\u{fffe}\u{ffff}",
            "\\u0000\\u001b\\ufffe\\uffff",
        ),
        (markdown, "file_alloc ret", "file_alloc ret"),
        (
            markdown,
            "_a_ *b* `c`|d",
            "&#95;a&#95; &#42;b&#42; &#96;c&#96;&#124;d",
        ),
        (markdown, "is: a :smile: b:", "is: a &#58;smile: b:"),
        (
            markdown,
            "[x](y) <z> @me $a$ #1",
            "&#91;x&#93;(y) &lt;z&gt; &#64;me &#36;a&#36; &#35;1",
        ),
        (markdown_code, "struct file *", "`struct file *`"),
        (markdown_code, "a`|\\", "<code>a&#96;&#124;&#92;</code>"),
        (markdown_code, "", "<code></code>"),
        (
            github_message,
            "50% of a, b: c\nnext\u{1b}",
            "50%25 of a, b: c%0Anext\\u001b",
        ),
        (github_property, "a,b:c%\n", "a%2Cb%3Ac%25\\u000a"),
        (
            json_in_html,
            "\"</script><!--&\u{2028}\"",
            "\"\\u003c/script\\u003e\\u003c!--\\u0026\\u2028\"",
        ),
        (uri, "src/a b.c", "src/a%20b.c"),
        (uri, "/usr/é:#?", "file:///usr/%C3%A9%3A%23%3F"),
        (uri, "javascript:x", "javascript%3Ax"),
    ];

    #[test]
    fn each_medium_has_its_escapes() {
        for (function, text, expected) in ROWS {
            assert_eq!(function(text), *expected, "{text:?}");
        }
    }
}

//! The line markers that preprocessors leave: where a piece of their output is from.

use std::borrow::Cow;

/// A line marker: `# 12 "path" 1 3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Marker<'t> {
    /// The line of the file that the next line of the text is from, counted from 1.
    pub line: usize,
    /// The file as it is written there; see [`Marker::file`].
    pub path: &'t str,
    /// Whether a file begins here that the one before includes.
    pub enters: bool,
    /// Whether an included file has ended, and the one that includes it goes on.
    pub leaves: bool,
}

impl<'t> Marker<'t> {
    /// Reads a line; `None` if it is no line marker.
    pub fn parse(line: &'t str) -> Option<Self> {
        let (number, rest) = line.strip_prefix("# ")?.split_once(" \"")?;
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let (path, flags) = rest.rsplit_once('"')?;
        let has = |flag| flags.split_ascii_whitespace().any(|own| own == flag);
        Some(Self {
            line: number.parse().ok().filter(|_| is_number)?,
            path,
            enters: has("1"),
            leaves: has("2"),
        })
    }

    /// The path of the file; `None` where it is none (`<built-in>`).
    pub fn file(&self) -> Option<Cow<'t, str>> {
        (!self.path.starts_with('<')).then(|| unescaped(self.path))
    }
}

/// A path as it is, from how it is written in a marker: quotes and backslashes have a backslash before
/// them, and bytes that are no printable ASCII are three octal digits behind one. Bytes that are no UTF-8
/// become the replacement character.
pub(super) fn unescaped(path: &str) -> Cow<'_, str> {
    if !path.contains('\\') {
        return path.into();
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let (byte, behind) = match (byte, behind) {
            (
                b'\\',
                [
                    a @ b'0'..=b'3',
                    b @ b'0'..=b'7',
                    c @ b'0'..=b'7',
                    behind @ ..,
                ],
            ) => ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), behind),
            (b'\\', [byte, behind @ ..]) => (*byte, behind),
            (byte, behind) => (byte, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// A piece of preprocessed text that is from one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment<'t> {
    pub(super) marker: Marker<'t>,
    pub(super) text: &'t str,
}

/// The pieces of a preprocessed text, in their order. What stands before the first marker is none.
pub(super) fn segments(text: &str) -> impl Iterator<Item = Segment<'_>> {
    let mut rest = text;
    let mut marker = None;
    std::iter::from_fn(move || {
        loop {
            let (piece, next) = next_marker(rest);
            let before = std::mem::replace(&mut marker, next.map(|(marker, _)| marker));
            let is_last = next.is_none();
            rest = next.map_or("", |(_, rest)| rest);
            match before {
                Some(marker) => {
                    return Some(Segment {
                        marker,
                        text: piece,
                    });
                }
                None if is_last => return None,
                None => {}
            }
        }
    })
}

/// The text before the next line marker, the marker, and the text behind it.
fn next_marker(text: &str) -> (&str, Option<(Marker<'_>, &str)>) {
    let mut from = 0;
    loop {
        let at = match from == 0 && text.starts_with("# ") {
            true => 0,
            false => match text[from..].find("\n# ") {
                Some(at) => from + at + 1,
                None => return (text, None),
            },
        };
        let line = &text[at..];
        let line = line.split_once('\n').map_or(line, |(line, _)| line);
        let end = at + line.len();
        if let Some(marker) = Marker::parse(line) {
            let behind = (end + 1).min(text.len());
            return (&text[..at], Some((marker, &text[behind..])));
        }
        from = end.max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers() {
        let marker = |line, path, enters, leaves| {
            Some(Marker {
                line,
                path,
                enters,
                leaves,
            })
        };
        for (line, expected) in [
            (
                "# 1 \"src/a.bpf.c\"",
                marker(1, "src/a.bpf.c", false, false),
            ),
            ("# 12 \"/a b.h\" 1 3", marker(12, "/a b.h", true, false)),
            ("# 2 \"a\\\"b\" 2", marker(2, "a\\\"b", false, true)),
            ("# 1 \"open", None),
            ("#pragma once \"a\"", None),
            ("# x \"a\"", None),
            ("# 99999999999999999999999 \"a\"", None),
            ("", None),
        ] {
            assert_eq!(Marker::parse(line), expected, "{line}");
        }
    }

    #[test]
    fn files() {
        let file = |line| Marker::parse(line).unwrap().file().map(Cow::into_owned);
        assert_eq!(
            file("# 1 \"a\\\"b\\\\c.h\" 2").as_deref(),
            Some("a\"b\\c.h")
        );
        let odd = file("# 1 \"caf\\303\\251/\\377/c\\\\1.h\" 2");
        assert_eq!(odd.as_deref(), Some("caf\u{e9}/\u{fffd}/c\\1.h"));
        assert_eq!(file("# 1 \"<built-in>\" 3"), None);
    }

    #[test]
    fn pieces() {
        let text = "lost\n# 1 \"a\"\nx\n# y\n# 1 \"b\" 1\n# 9 \"a\" 2\nz";
        let pieces: Vec<_> = segments(text)
            .map(|segment| (segment.marker.path, segment.marker.line, segment.text))
            .collect();
        assert_eq!(pieces, [("a", 1, "x\n# y\n"), ("b", 1, ""), ("a", 9, "z")]);
        assert_eq!(segments("").count(), 0);
        assert_eq!(segments("no marker").count(), 0);
        assert_eq!(segments("# 1 \"a\"").count(), 1);
    }
}

//! C as it is written, before the preprocessor.

/// A name in a text, and where it starts, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'t> {
    pub(super) text: &'t str,
    pub(super) start: usize,
    /// Whether it is a member: behind `.` or `->`.
    pub(super) is_member: bool,
}

/// All names outside of comments and literals.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let bytes = blanked(text).into_bytes();
    let is_part = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let mut words = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !is_part(at) {
            at += 1;
            continue;
        }
        let start = at;
        while is_part(at) {
            at += 1;
        }
        if !bytes[start].is_ascii_digit() {
            let before = String::from_utf8_lossy(&bytes[start.saturating_sub(64)..start]);
            let before = before.trim_end();
            words.push(Word {
                text: &text[start..at],
                start,
                is_member: before.ends_with("->")
                    || before.ends_with('.') && !before.ends_with(".."),
            });
        }
    }
    words
}

/// The text with blanks in place of comments and of what is in literals, of the same length.
pub(super) fn blanked(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            (b'/', Some(b'/')) => line_end(bytes, at),
            (b'/', Some(b'*')) => text[at + 2..]
                .find("*/")
                .map_or(bytes.len(), |end| at + 2 + end + 2),
            (quote @ (b'"' | b'\''), _) => literal_end(bytes, at, quote),
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut result[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(result).unwrap_or_default()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    let end = bytes[at..].iter().position(|byte| *byte == b'\n');
    end.map_or(bytes.len(), |end| at + end)
}

fn literal_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\n' => return at,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// What stands between the commas of a macro's arguments, which is all from the first parenthesis on.
pub(super) fn arguments(expansion: &str) -> Vec<String> {
    let plain = blanked(expansion);
    let Some(open) = plain.find('(') else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_u32, open + 1);
    for (at, c) in plain.char_indices().skip_while(|(at, _)| *at <= open) {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' if depth == 0 => {
                parts.push(&plain[start..at]);
                break;
            }
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&plain[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    let joined = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
    parts.into_iter().map(joined).collect()
}

/// Whether a directive of the preprocessor stands in a text.
pub(super) fn has_directive(text: &str) -> bool {
    blanked(text)
        .lines()
        .skip(1)
        .any(|line| line.trim_start().starts_with('#'))
}

/// The line that an offset is in, counted from 1.
pub(super) fn line_at(text: &str, at: usize) -> u32 {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    u32::try_from(lines + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let found = words("a->b + c.d /* e */ \"f\" 'g' // h\n0x1f i_2");
        let plain: Vec<(&str, bool)> = found
            .iter()
            .map(|word| (word.text, word.is_member))
            .collect();
        let expected = [
            ("a", false),
            ("b", true),
            ("c", false),
            ("d", true),
            ("i_2", false),
        ];
        assert_eq!(plain, expected);
        assert_eq!(words("/* ä").len(), 0);
        assert_eq!(words("\"ä\\").len(), 0);
    }

    #[test]
    fn arguments_of_macros() {
        for (text, expected) in [
            (
                "M(f, int (*g)(int, int),\n\tstruct a *b)",
                &["f", "int (*g)(int, int)", "struct a *b"][..],
            ),
            ("M(f)", &["f"]),
            ("M(f /* , x */, int a // b\n)", &["f", "int a"]),
            ("M", &[]),
            ("M(f, int a[2", &["f"]),
        ] {
            assert_eq!(arguments(text), expected, "{text}");
        }
    }

    #[test]
    fn directives() {
        assert!(has_directive("(a,\n#ifdef X\nb)"));
        assert!(!has_directive("(a, /*\n#ifdef X\n*/ b)"));
    }
}

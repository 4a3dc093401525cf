//! Text of a bounded width.

/// How many characters a line may have.
pub(super) const WIDTH: usize = 100;

/// Breaks a text between words, so that no line has more than [`WIDTH`] characters, as far as its words allow.
/// Each line begins with so many spaces, and those after the first with `hanging` more.
pub(super) fn wrapped(text: &str, indent: usize, hanging: usize) -> String {
    let mut lines = String::new();
    let mut column = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let len = word.chars().count();
        let is_first = column == 0;
        if !is_first && column + 1 + len <= WIDTH {
            lines.push(' ');
            column += 1;
        } else {
            if !is_first {
                lines.push('\n');
            }
            let spaces = match lines.is_empty() {
                true => indent,
                false => indent + hanging,
            };
            lines.extend(std::iter::repeat_n(' ', spaces));
            column = spaces;
        }
        lines.push_str(word);
        column += len;
    }
    lines.push('\n');
    lines
}

/// The first characters of a text: as many as fit, the last of them an ellipsis where it is too long.
pub(super) fn cut(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => {
            let mut cut: String = text.chars().take(width.saturating_sub(1)).collect();
            cut.push('…');
            cut
        }
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_words() {
        let text = "word ".repeat(50);
        let lines = wrapped(&text, 4, 2);
        let mut widths = lines.lines().map(str::len);
        assert!(widths.all(|width| width <= WIDTH), "{lines}");
        let mut lines = lines.lines();
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("    word"))
        );
        assert!(
            lines
                .next()
                .is_some_and(|line| line.starts_with("      word"))
        );
        let words = lines.flat_map(str::split_whitespace).count();
        assert!(words > 0);
    }

    #[test]
    fn long_words_are_kept() {
        let word = "x".repeat(2 * WIDTH);
        assert_eq!(wrapped(&word, 2, 2), format!("  {word}\n"));
        assert_eq!(
            wrapped(&format!("a {word} b"), 0, 1),
            format!("a\n {word}\n b\n")
        );
        assert_eq!(wrapped("", 2, 2), "\n");
    }

    #[test]
    fn cut_short() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("äöü", 2), "ä…");
    }
}

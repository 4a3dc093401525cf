//! A file of Rust as a list of words: without comments and literals, and without what is for tests alone.

/// A word or a sign, and its line.
#[derive(Clone, Debug)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Counted from 1.
    pub line: usize,
}

/// The words of a file. Two colons are one word.
pub fn words(text: &str) -> Vec<Word> {
    let chars: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = end_of_word(&chars, at);
        let word: String = chars[at..end].iter().collect();
        let is_code =
            !word.starts_with("//") && !word.starts_with("/*") && !word.contains(['"', '\'']);
        if is_code && !word.trim().is_empty() {
            words.push(Word {
                text: word.clone(),
                line,
            });
        }
        line += word.matches('\n').count();
        at = end;
    }
    without_tests(&words)
}

/// Where what starts at `at` ends: a comment, a literal, a name, a path's colons, or one sign.
fn end_of_word(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    let starts = |text: &str| {
        text.chars()
            .enumerate()
            .all(|(i, c)| rest.get(i) == Some(&c))
    };
    let len = if starts("//") {
        length(rest, |c| c != '\n')
    } else if starts("/*") {
        let ends = rest.windows(2).position(|two| two == ['*', '/']);
        ends.map_or(rest.len(), |end| end + 2)
    } else if let Some(quoted) = string(rest) {
        quoted
    } else if rest[0] == '\'' {
        character(rest)
    } else if is_of_name(rest[0]) {
        length(rest, is_of_name)
    } else if starts("::") {
        2
    } else {
        1
    };
    at + len
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn length(rest: &[char], is_in: impl Fn(char) -> bool) -> usize {
    rest.iter().take_while(|c| is_in(**c)).count()
}

/// How long the string is that starts here: `"…"`, `b"…"`, `r#"…"#`.
fn string(rest: &[char]) -> Option<usize> {
    let prefix = length(rest, |c| matches!(c, 'b' | 'c' | 'r'));
    let is_raw = rest[..prefix].contains(&'r');
    let hashes = length(&rest[prefix..], |c| c == '#');
    let start = prefix + hashes;
    if prefix > 2 || rest.get(start) != Some(&'"') || (hashes > 0 && !is_raw) {
        return None;
    }
    let mut at = start + 1;
    while at < rest.len() {
        let closes = length(&rest[at + 1..], |c| c == '#') >= hashes;
        match rest[at] {
            '"' if closes => return Some(at + 1 + hashes),
            '\\' if !is_raw => at += 2,
            _ => at += 1,
        }
    }
    Some(rest.len())
}

/// How long the character is that starts here, or the lifetime.
fn character(rest: &[char]) -> usize {
    match (rest.get(1), rest.get(2)) {
        (Some('\\'), _) => {
            let end = rest.iter().skip(3).position(|c| *c == '\'');
            end.map_or(rest.len(), |end| end + 4)
        }
        (Some(_), Some('\'')) => 3,
        _ => 1 + length(&rest[1..], is_of_name),
    }
}

/// The words without the items behind `#[cfg(test)]`.
fn without_tests(words: &[Word]) -> Vec<Word> {
    let mut kept = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match is_for_tests(&words[at..]) {
            true => at = end_of_item(words, at),
            false => {
                kept.push(words[at].clone());
                at += 1;
            }
        }
    }
    kept
}

/// Whether an attribute starts here that leaves its item to tests.
fn is_for_tests(rest: &[Word]) -> bool {
    let text: Vec<_> = rest.iter().take(9).map(|word| &*word.text).collect();
    matches!(
        &*text,
        ["#", "[", "cfg", "(", "test", ..] | ["#", "[", "cfg", "(", "all", "(", "test", ..]
    )
}

/// Where the item ends whose first attribute is at `at`: behind its block, or its semicolon.
fn end_of_item(words: &[Word], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, word) in words.iter().enumerate().skip(at) {
        match &*word.text {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth = depth.saturating_sub(1);
                if depth == 0 && word.text == "}" {
                    return i + 1;
                }
            }
            ";" if depth == 0 => return i + 1,
            _ => {}
        }
    }
    words.len()
}

#[test]
fn only_code_that_is_not_for_tests_counts() {
    let source = r##"
        //! crate::doc
        use crate::one; // crate::comment
        const A: &str = "crate::text \" crate::text"; /* crate::block */
        const B: &str = r#"crate::raw " "#;
        const C: [char; 3] = ['"', '\'', 'c'];
        fn f<'a>(it: &'a str) -> crate::two::Two {}
        #[cfg(test)]
        use crate::of_tests;
        #[cfg(test)]
        mod tests {
            use crate::of_tests;
        }
        use crate::three;
    "##;
    let words: Vec<_> = words(source).into_iter().map(|word| word.text).collect();
    let paths = words.windows(3).filter(|three| three[0] == "crate");
    let paths: Vec<_> = paths.map(|three| three[2].as_str()).collect();
    assert_eq!(paths, ["one", "two", "three"]);
}

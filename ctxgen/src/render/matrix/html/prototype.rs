//! Declarations in C, an argument a line, so that two can be held against each other.

use serde::Serialize;

/// A line of a declaration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Line {
    /// The line.
    #[serde(rename = "t")]
    pub(super) text: String,
    /// The argument that it declares, where it does.
    #[serde(rename = "n", skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// Whether what is returned stands here.
    #[serde(rename = "r", skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_returned: bool,
}

/// The lines of declarations: of a function an argument each, of others as they are.
pub(super) fn lines(text: &str) -> Vec<Line> {
    text.lines().flat_map(of_line).collect()
}

fn of_line(text: &str) -> Vec<Line> {
    let Some((head, arguments, tail)) = split(text) else {
        // A member of a struct: a bit field's width and a comment may follow.
        let member = text.split_once(';').map_or("", |(member, _)| member);
        let name = last_identifier(member.split(" : ").next().unwrap_or_default());
        return vec![Line {
            text: text.to_owned(),
            name,
            is_returned: false,
        }];
    };
    let count = arguments.len();
    let mut lines = vec![Line {
        text: head.to_owned(),
        name: None,
        is_returned: true,
    }];
    for (at, argument) in arguments.into_iter().enumerate() {
        let comma = if at + 1 == count { "" } else { "," };
        lines.push(Line {
            text: format!("    {argument}{comma}"),
            name: last_identifier(argument),
            is_returned: false,
        });
    }
    lines.push(Line {
        text: tail.to_owned(),
        name: None,
        is_returned: false,
    });
    lines
}

/// A function's declaration up to its parenthesis, the arguments, and what is behind; `None` of others.
fn split(text: &str) -> Option<(&str, Vec<&str>, &str)> {
    let end = text.trim_end_matches([';', ' ']).len();
    text[..end].ends_with(')').then_some(())?;
    // The parenthesis that the last one closes.
    let mut depth = 0_usize;
    let mut start = None;
    for (at, c) in text[..end].char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            start = Some(at + 1);
            break;
        }
    }
    let start = start?;
    let arguments = commas(&text[start..end - 1]);
    let arguments = arguments.into_iter().filter(|it| !it.is_empty());
    Some((&text[..start], arguments.collect(), &text[end - 1..]))
}

/// What is between commas that are in no parentheses.
fn commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// The name that a declarator declares: behind `(*` of a pointer to a function, else the last one.
fn last_identifier(text: &str) -> Option<String> {
    let inner = text.split_once("(*").map(|(_, behind)| behind);
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
    let name: &str = match inner {
        Some(inner) => inner.split(|c| !is_of_name(c)).find(|it| !it.is_empty())?,
        None => {
            let plain = text.split('[').next().unwrap_or_default().trim_end();
            let start = plain.trim_end_matches(is_of_name).len();
            // A type alone has no name.
            let before = plain[..start].trim_end();
            (!before.is_empty()).then_some(&plain[start..])?
        }
    };
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_have_lines_of_their_own() {
        for (text, expected) in [
            (
                "int f(struct file *file, int (*fn)(int, long), char name[16])",
                "int f(|    struct file *file, =file|    int (*fn)(int, long), =fn|    char name[16] =name|)",
            ),
            ("void f(void);", "void f(|    void|);"),
            ("u64 count;", "u64 count; =count"),
            (
                "\tu8 bit : 1;\t/* byte 8 */",
                "\tu8 bit : 1;\t/* byte 8 */ =bit",
            ),
            ("struct a {", "struct a {"),
            ("int f()", "int f(|)"),
            ("a)b)", "a)b)"),
            ("", ""),
        ] {
            let lines = lines(text).into_iter().map(|line| match line.name {
                Some(name) => format!("{} ={name}", line.text),
                None => line.text,
            });
            let lines: Vec<String> = lines.collect();
            assert_eq!(lines.join("|"), expected, "{text}");
        }
    }
}

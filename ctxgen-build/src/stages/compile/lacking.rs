//! Whether an error is one of the trimmed header.

use std::collections::BTreeSet;

use ctxgen::KernelBtf;
use ctxgen::Names;
use ctxgen::RenderError;
use ctxgen::render;

/// What clang says where a name stands for nothing, or for a type without members, and whether only
/// the first name that it says is meant.
const LACKING: [(&str, bool); 7] = [
    ("call to undeclared function", true),
    ("implicit declaration of function", true),
    ("use of undeclared identifier", true),
    ("unknown type name", true),
    ("incomplete definition of type", false),
    ("incomplete type", false),
    ("incomplete element type", false),
];

/// The names of the sources with those that clang misses, if the kernel has anything by these names
/// that the trimmed header lacks. Otherwise, all of its types would not help.
///
/// # Errors
/// As [`render::vmlinux_for`].
pub(crate) fn wider<'t>(
    kernel: &KernelBtf,
    names: &Names<'t>,
    trimmed: &str,
    stderr: &'t str,
) -> Result<Option<Names<'t>>, RenderError> {
    let missing = missing(stderr);
    if missing.is_empty() {
        return Ok(None);
    }
    let mut wider = names.clone();
    for name in missing {
        wider.add_name(name);
    }
    let is_other = render::vmlinux_for(kernel, &wider)? != trimmed;
    Ok(is_other.then_some(wider))
}

/// The names that clang says to be missing.
fn missing(stderr: &str) -> BTreeSet<&str> {
    let mut missing = BTreeSet::new();
    for line in stderr.lines() {
        let Some((_, message)) = line.split_once("error: ") else {
            continue;
        };
        let known = LACKING.iter().find(|(text, _)| message.contains(text));
        let Some(&(text, is_first)) = known else {
            continue;
        };
        // A name before that is another one's, such as that of a member or variable.
        let from = if is_first { message.find(text) } else { None };
        let quoted = message[from.unwrap_or_default()..]
            .split('\'')
            .skip(1)
            .step_by(2);
        let quoted = quoted.take(if is_first { 1 } else { usize::MAX });
        for text in quoted {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            missing.extend(words.filter(|word| ctxgen::is_identifier(word)));
        }
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_messages() {
        for (message, expected) in [
            (
                "error: unknown type name 'u32'; did you mean '__u32'?",
                "u32",
            ),
            (
                "error: use of undeclared identifier 'A'; did you mean 'B'?",
                "A",
            ),
            (
                "error: incomplete definition of type 'foo_t' (aka 'struct foo')",
                "foo foo_t struct",
            ),
            (
                "error: variable has incomplete type 'struct foo'",
                "foo struct",
            ),
            (
                "error: invalid application of 'sizeof' to an incomplete type 'struct foo'",
                "foo sizeof struct",
            ),
            ("error: no member named 'a' in 'struct foo'", ""),
            (
                "error: implicit declaration of function 'f' is invalid in C99 [-Werror]",
                "f",
            ),
            (
                "error: call to undeclared function 'f'; ISO C99 and later do not",
                "f",
            ),
            ("warning: unknown type name 'u32'", ""),
            ("error: incompatible pointer types passing 'struct a *'", ""),
            ("note: forward declaration of 'struct a'", ""),
        ] {
            let text = format!("a.c:1:2: {message}\n");
            let found: Vec<&str> = missing(&text).into_iter().collect();
            let expected: Vec<&str> = expected.split_whitespace().collect();
            assert_eq!(found, expected, "{message}");
        }
    }
}

//! Functions that a compiler has made of others: `foo.isra.0`, `foo.constprop.0`, `foo.part.0`,
//! `foo.cold`, `foo.llvm.123`, `foo.__uniq.123`.
//!
//! Their names have dots, which no C identifier has. In a struct's name they start with the digit `1`,
//! as no identifier does, and from there on
//!
//! - a dot is `_0`,
//! - an underscore before `0` or `1` is `_1`.
//!
//! So `foo.isra.0` is `1foo_0isra_00`, and no other name leads there. Nothing of this gives three
//! underscores in a row where the name has none, which CO-RE would take for a flavour.

use crate::ident::is_identifier;

/// What the part for such a function starts with in a struct's name.
const MARK: &str = "1";

/// Whether this is such a function's name: an identifier, then at least one dot, each with letters,
/// digits and underscores behind it.
pub(crate) fn is_clone(name: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut parts = name.split('.');
    parts.next().is_some_and(is_identifier)
        && name.contains('.')
        && parts.all(|part| !part.is_empty() && part.bytes().all(is_word))
}

/// The function that it was made of; what has no dots is its own.
pub(crate) fn original(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// Such a name as it stands in a struct's.
pub(super) fn in_struct(name: &str) -> String {
    let mut out = MARK.to_owned();
    let mut chars = name.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek()) {
            ('.', _) => out.push_str("_0"),
            ('_', Some('0' | '1')) => out.push_str("_1"),
            _ => out.push(char),
        }
    }
    out
}

/// The name that stands so in a struct's; `None` where none does.
pub(super) fn from_struct(part: &str) -> Option<String> {
    let mut name = String::new();
    let mut chars = part.strip_prefix(MARK)?.chars().peekable();
    while let Some(char) = chars.next() {
        match (char, chars.peek().copied()) {
            ('_', Some('0')) => {
                chars.next();
                name.push('.');
            }
            ('_', Some('1')) => {
                chars.next();
                chars.peek().filter(|next| matches!(next, '0' | '1'))?;
                name.push('_');
            }
            _ => name.push(char),
        }
    }
    is_clone(&name).then_some(name)
}

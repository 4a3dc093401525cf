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

use crate::text::ident::is_clone;

/// What the part for such a function starts with in a struct's name.
const MARK: &str = "1";

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

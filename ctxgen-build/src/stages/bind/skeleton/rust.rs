//! How names of C are written in Rust.

/// Words that cannot be identifiers, but raw ones (`r#type`), in any edition, sorted.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Words that cannot be identifiers at all, sorted.
const NEVER: &[&str] = &["Self", "_", "crate", "self", "super"];

/// The members of structs that libbpf-cargo escapes by itself (`escape_reserved_keyword` of its
/// `gen/btf.rs`) are all keywords but these.
const NOT_ESCAPED: &[&str] = &[
    "_", "break", "const", "continue", "do", "else", "extern", "false", "for", "if", "return",
    "static", "struct", "true", "while",
];

/// Whether a name is as good in Rust.
pub(super) fn is_plain(name: &str) -> bool {
    plain(name) == name && KEYWORDS.binary_search(&name).is_err()
}

/// Whether libbpf-cargo makes a member of a struct of that name that Rust takes.
pub(super) fn is_good_member(name: &str) -> bool {
    let is_word = KEYWORDS.binary_search(&name).is_ok() || NEVER.binary_search(&name).is_ok();
    match is_word {
        true => NOT_ESCAPED.binary_search(&name).is_err(),
        false => is_plain(name),
    }
}

/// As a part of a longer identifier, or as one that is no keyword: each character that cannot be in
/// one is `_`, a digit at the start gets one before it, and what can never be one gets one behind it.
pub(super) fn plain(name: &str) -> String {
    let name = crate::names::identifier(name);
    match name.is_empty() || NEVER.binary_search(&&*name).is_ok() {
        true => format!("{name}_"),
        false => name,
    }
}

/// As an identifier.
pub(super) fn identifier(plain: &str) -> String {
    match KEYWORDS.binary_search(&plain) {
        Ok(_) => format!("r#{plain}"),
        Err(_) => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(KEYWORDS.is_sorted() && NEVER.is_sorted() && NOT_ESCAPED.is_sorted());
        for (name, expected) in [
            ("events", "events"),
            ("type", "r#type"),
            ("gen", "r#gen"),
            ("self", "self_"),
            ("Self", "Self_"),
            ("crate", "crate_"),
            ("super", "super_"),
            ("_", "__"),
            ("a$b", "a_b"),
            ("größe", "gr__e"),
            ("lru-1", "lru_1"),
            ("9p", "_9p"),
            ("union", "union"),
        ] {
            assert_eq!(identifier(&plain(name)), expected, "{name}");
            assert_eq!(is_plain(name), name == expected, "{name}");
        }
        for (member, is_good) in [
            ("type", true),
            ("self", true),
            ("pid", true),
            ("true", false),
            ("_", false),
            ("a$b", false),
        ] {
            assert_eq!(is_good_member(member), is_good, "{member}");
        }
    }
}

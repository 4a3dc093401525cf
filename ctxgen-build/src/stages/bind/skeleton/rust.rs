//! How names of C are written in Rust.

use ctxgen::text::rust_identifier;

/// The members of structs that libbpf-cargo escapes by itself (`escape_reserved_keyword` of its
/// `gen/btf.rs`) are all keywords but these.
const NOT_ESCAPED: &[&str] = &[
    "_", "break", "const", "continue", "do", "else", "extern", "false", "for", "if", "return",
    "static", "struct", "true", "while",
];

/// Whether a name is as good in Rust.
pub(super) fn is_plain(name: &str) -> bool {
    identifier(&plain(name)) == name
}

/// Whether libbpf-cargo makes a member of a struct of that name that Rust takes.
pub(super) fn is_good_member(name: &str) -> bool {
    match rust_identifier(name) == name {
        true => is_plain(name),
        false => NOT_ESCAPED.binary_search(&name).is_err(),
    }
}

/// As a part of a longer identifier, or as one that is no keyword: each character that cannot be in
/// one is `_`, a digit at the start gets one before it, and what can never be one gets one behind it.
pub(super) fn plain(name: &str) -> String {
    let name = crate::names::identifier(name);
    match rust_identifier(&name) {
        name if name.is_empty() => "_".to_owned(),
        name if name.starts_with("r#") => name["r#".len()..].to_owned(),
        name => name,
    }
}

/// As an identifier.
pub(super) fn identifier(plain: &str) -> String {
    match plain {
        // That of nothing.
        "_" => plain.to_owned(),
        plain => rust_identifier(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(NOT_ESCAPED.is_sorted());
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

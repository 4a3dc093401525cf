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

/// A C identifier as one of Rust: a keyword is a raw one (`r#type`), and what can be none (`self`) gets an
/// underscore behind it.
pub fn rust_identifier(name: &str) -> String {
    if NEVER.binary_search(&name).is_ok() {
        return format!("{name}_");
    }
    match KEYWORDS.binary_search(&name) {
        Ok(_) => format!("r#{name}"),
        Err(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(KEYWORDS.is_sorted() && NEVER.is_sorted());
        for (name, expected) in [
            ("events", "events"),
            ("type", "r#type"),
            ("gen", "r#gen"),
            ("self", "self_"),
            ("Self", "Self_"),
            ("crate", "crate_"),
            ("super", "super_"),
            ("_", "__"),
            ("union", "union"),
        ] {
            assert_eq!(rust_identifier(name), expected);
        }
    }
}

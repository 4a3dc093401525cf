//! Symbols that sources declare otherwise than each other, in words.
//!
//! libbpf's linker says of two declarations that they differ, in its terms, and not in which files they are.

use std::path::Path;

use ctxgen::object::ObjectFile;

/// How libbpf's linker begins what it says of a symbol, and what ends the symbol's name.
const OF_SYMBOL: [(&str, char); 3] = [
    ("global '", '\''),
    ("global/extern '", '\''),
    // `conflicting non-weak symbol #3 (name) definition in 'file'`
    ("conflicting non-weak symbol #", ')'),
];

/// What libbpf calls types that have no name of their own.
const NO_NAME: &str = " '(null)'";

/// libbpf's words, without what stands in them for nothing, and with a line for each source that has a symbol
/// which they are about. `compiled` are the sources, and the objects that clang made of them.
pub(super) fn explained(said: &str, compiled: &[(&Path, Vec<u8>)]) -> String {
    let mut explained = said.replace(NO_NAME, "");
    let mut symbols: Vec<&str> = said.lines().filter_map(symbol).collect();
    symbols.dedup();
    for symbol in symbols {
        for (source, bytes) in compiled {
            let declared = ObjectFile::parse(bytes).ok();
            if let Some(declaration) = declared.and_then(|object| object.declaration(symbol)) {
                explained.push_str(&format!("\n    {}: {declaration};", source.display()));
            }
        }
    }
    explained
}

fn symbol(line: &str) -> Option<&str> {
    OF_SYMBOL.iter().find_map(|(start, end)| {
        let (_, rest) = line.split_once(start)?;
        let (name, _) = rest.split_once(*end)?;
        Some(name.rsplit('(').next().unwrap_or(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_in_libbpfs_words() {
        for (line, expected) in [
            (
                "global 'shared': incompatible int '(null)' size 8 and 4",
                Some("shared"),
            ),
            (
                "conflicting non-weak symbol #3 (dup) definition in 'b.c'",
                Some("dup"),
            ),
            (
                "global/extern 'x' BTF is ambiguous: both types #1 and #2 match",
                Some("x"),
            ),
            ("sec .maps types mismatch", None),
        ] {
            assert_eq!(symbol(line), expected, "{line}");
        }
        let said = "global 'shared': incompatible int '(null)' size 8 and 4";
        assert_eq!(
            explained(said, &[]),
            "global 'shared': incompatible int size 8 and 4"
        );
    }
}

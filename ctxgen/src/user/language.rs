//! The languages that programs in user space are written in.
//!
//! Registers of a function are known by C's calling convention. Functions of other languages may have
//! another: rustc passes a struct of 24 bytes by its address where C puts it on the stack, Go's registers
//! are in an order of their own.

use std::fmt;

/// A language, as far as it makes a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// C, and those whose functions follow its convention.
    C,
    /// Classes may be passed by their address.
    Cpp,
    /// Its own functions follow no convention that is written down.
    Rust,
    /// Registers in an order of its own.
    Go,
    /// Another one, by its name.
    Other(String),
}

impl Language {
    /// By the number that DWARF has for it (`DW_AT_language`).
    pub(crate) fn of_dwarf(number: u16) -> Self {
        match number {
            // C89, C, C99, UPC, C11, C17, C23, Objective-C, assemblers.
            0x01 | 0x02 | 0x0c | 0x12 | 0x1d | 0x2c | 0x3e | 0x10 | 0x31 | 0x8001 => Self::C,
            // C++ of all years, Objective-C++.
            0x04 | 0x11 | 0x19 | 0x1a | 0x21 | 0x2a | 0x2b | 0x3a => Self::Cpp,
            0x1c => Self::Rust,
            0x16 => Self::Go,
            other => Self::Other(match OTHERS.iter().find(|(number, _)| *number == other) {
                Some((_, name)) => (*name).to_owned(),
                None => format!("a language of DWARF's number {other:#x}"),
            }),
        }
    }

    /// The first compiler of another language in a `.comment` section, where each has a line.
    pub(crate) fn of_comment(comment: &[u8]) -> Option<Self> {
        let mut lines = comment.split(|byte| *byte == 0);
        lines.find_map(|line| {
            let is = |start: &str| line.starts_with(start.as_bytes());
            match () {
                () if is("rustc version") => Some(Self::Rust),
                () if is("GHC ") => Some(Self::Other("Haskell".to_owned())),
                () if is("ldc version") => Some(Self::Other("D".to_owned())),
                () => None,
            }
        })
    }

    /// Whether its functions have their arguments where C's have them.
    pub(crate) fn is_c(&self) -> bool {
        matches!(self, Self::C | Self::Cpp)
    }
}

/// Languages by DWARF's numbers, beside those with a variant.
const OTHERS: &[(u16, &str)] = &[
    (0x03, "Ada"),
    (0x05, "COBOL"),
    (0x06, "COBOL"),
    (0x07, "Fortran"),
    (0x08, "Fortran"),
    (0x09, "Pascal"),
    (0x0a, "Modula-2"),
    (0x0b, "Java"),
    (0x0d, "Ada"),
    (0x0e, "Fortran"),
    (0x0f, "PL/I"),
    (0x13, "D"),
    (0x14, "Python"),
    (0x15, "OpenCL"),
    (0x17, "Modula-3"),
    (0x18, "Haskell"),
    (0x1b, "OCaml"),
    (0x1e, "Swift"),
    (0x1f, "Julia"),
    (0x20, "Dylan"),
    (0x22, "Fortran"),
    (0x23, "Fortran"),
    (0x26, "Kotlin"),
    (0x27, "Zig"),
    (0x28, "Crystal"),
    (0x2d, "Fortran"),
    (0x2e, "Ada"),
    (0x2f, "Ada"),
];

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::C => "C",
            Self::Cpp => "C++",
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_number_and_by_comment() {
        for (number, language) in [
            (0x1d, Language::C),
            (0x21, Language::Cpp),
            (0x1c, Language::Rust),
            (0x16, Language::Go),
            (0x27, Language::Other("Zig".to_owned())),
        ] {
            assert_eq!(Language::of_dwarf(number), language);
        }
        assert!(Language::of_dwarf(0x7777).to_string().contains("0x7777"));
        for (comment, language) in [
            (&b"GCC: (Debian 12.2.0) 12.2.0\0"[..], None),
            (
                b"GCC: (Debian) 12\0rustc version 1.90.0 (x)\0",
                Some(Language::Rust),
            ),
            (b"Linker: LLD 19\0", None),
            (b"", None),
        ] {
            assert_eq!(Language::of_comment(comment), language);
        }
    }
}

//! What stands in the text of a C type.

use crate::text::ident::is_identifier;

/// More pointers than these are in no argument's type.
const MAX_POINTERS: usize = 8;

/// The longest text that is looked at.
const MAX_TEXT: usize = 256;

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CType<'t> {
    pub(super) base: Base<'t>,
    /// Whether what is pointed to first is `const`. Of what is no pointer it makes no difference.
    pub(super) is_const: bool,
    /// For each `*`, whether `const` is behind it.
    pub(super) pointers: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Base<'t> {
    Void,
    Int(Int),
    Bool,
    Struct(&'t str),
    Union(&'t str),
    Enum(&'t str),
    Typedef(&'t str),
}

/// An integer of C's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Int {
    pub(super) size: u32,
    pub(super) signed: bool,
    pub(super) is_char: bool,
    /// Its names in BTF: gcc and clang spell them differently.
    pub(super) names: &'static [&'static str],
}

const fn int(size: u32, signed: bool, names: &'static [&'static str]) -> Int {
    Int {
        size,
        signed,
        is_char: false,
        names,
    }
}

pub(super) const CHAR: Int = Int {
    is_char: true,
    ..int(1, true, &["char"])
};
const SIGNED_CHAR: Int = int(1, true, &["signed char"]);
const UNSIGNED_CHAR: Int = int(1, false, &["unsigned char"]);
const SHORT: Int = int(2, true, &["short int", "short"]);
pub(super) const UNSIGNED_SHORT: Int = int(2, false, &["short unsigned int", "unsigned short"]);
const INT: Int = int(4, true, &["int"]);
pub(super) const UNSIGNED_INT: Int = int(4, false, &["unsigned int"]);
const LONG_LONG: Int = int(8, true, &["long long int", "long long"]);
pub(super) const UNSIGNED_LONG_LONG: Int =
    int(8, false, &["long long unsigned int", "unsigned long long"]);

/// What typedefs of the kernel's are that stand in arguments of system calls and in trace records,
/// for kernels whose BTF lacks them, sorted by name.
pub(super) const TYPEDEFS: &[(&str, &str)] = &[
    ("__kernel_old_time_t", "long"),
    ("__s16", "short"),
    ("__s32", "int"),
    ("__s64", "long long"),
    ("__s8", "signed char"),
    ("__sighandler_t", "void *"),
    ("__u16", "unsigned short"),
    ("__u32", "unsigned int"),
    ("__u64", "unsigned long long"),
    ("__u8", "unsigned char"),
    ("aio_context_t", "unsigned long"),
    ("bool", "_Bool"),
    ("cap_user_data_t", "void *"),
    ("cap_user_header_t", "void *"),
    ("clockid_t", "int"),
    ("gid_t", "unsigned int"),
    ("key_serial_t", "int"),
    ("key_t", "int"),
    ("loff_t", "long long"),
    ("mqd_t", "int"),
    ("off_t", "long"),
    ("old_sigset_t", "unsigned long"),
    ("pid_t", "int"),
    ("qid_t", "unsigned int"),
    ("rwf_t", "int"),
    ("s16", "short"),
    ("s32", "int"),
    ("s64", "long long"),
    ("s8", "signed char"),
    ("size_t", "unsigned long"),
    ("timer_t", "int"),
    ("u16", "unsigned short"),
    ("u32", "unsigned int"),
    ("u64", "unsigned long long"),
    ("u8", "unsigned char"),
    ("uid_t", "unsigned int"),
    ("uint", "unsigned int"),
    ("umode_t", "unsigned short"),
];

/// What a typedef is that BTF lacks.
pub(super) fn of_typedef(name: &str) -> Option<&'static str> {
    let at = TYPEDEFS
        .binary_search_by_key(&name, |(known, _)| known)
        .ok()?;
    Some(TYPEDEFS[at].1)
}

pub(super) fn plain(base: Base<'_>) -> CType<'_> {
    CType {
        base,
        is_const: false,
        pointers: Vec::new(),
    }
}

/// What stands in the text; `None` where it is no type.
pub(super) fn parse(text: &str, pointer_size: u32) -> Option<CType<'_>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut words = Vec::new();
    let mut is_const = false;
    let mut pointers = Vec::new();
    for token in tokens(text) {
        match token? {
            "*" if pointers.len() == MAX_POINTERS => return None,
            "*" => pointers.push(false),
            "const" => match pointers.last_mut() {
                Some(last) => *last = true,
                None => is_const = true,
            },
            "volatile" | "restrict" | "__restrict" => {}
            word if pointers.is_empty() => words.push(word),
            _ => return None,
        }
    }
    let base = match words[..] {
        ["struct", name] => Base::Struct(name),
        ["union", name] => Base::Union(name),
        ["enum", name] => Base::Enum(name),
        ["void"] => Base::Void,
        ["_Bool"] => Base::Bool,
        [] | ["struct" | "union" | "enum"] => return None,
        _ => match (integer(&words, pointer_size), &words[..]) {
            (Some(int), _) => Base::Int(int),
            (None, [name]) => Base::Typedef(name),
            (None, _) => return None,
        },
    };
    Some(CType {
        base,
        is_const,
        pointers,
    })
}

/// Words and stars, without attributes such as those that kernels built with clang write out:
/// `char __attribute__((btf_type_tag("user"))) *`. `None` for anything else.
fn tokens(text: &str) -> impl Iterator<Item = Option<&str>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let first = rest.chars().next()?;
            if first == '*' {
                let (star, behind) = rest.split_at(1);
                rest = behind;
                return Some(Some(star));
            }
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            let (word, behind) = rest.split_at(end);
            rest = behind;
            if word == "__attribute__" {
                rest = behind_parentheses(rest)?;
                continue;
            }
            if !is_identifier(word) {
                // Whatever it is, nothing behind it makes a type of it.
                rest = "";
                return Some(None);
            }
            return Some(Some(word));
        }
    })
}

/// What is behind a pair of parentheses; `None` where there is none.
fn behind_parentheses(text: &str) -> Option<&str> {
    let mut open = 0usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => open += 1,
            ')' => open = open.checked_sub(1)?,
            c if c.is_whitespace() || open > 0 => continue,
            _ => return None,
        }
        if open == 0 {
            return text.get(at + 1..);
        }
    }
    None
}

fn integer(words: &[&str], pointer_size: u32) -> Option<Int> {
    let count = |word: &str| words.iter().filter(|other| **other == word).count();
    let (signed, unsigned) = (count("signed") > 0, count("unsigned") > 0);
    let (short, long) = (count("short"), count("long"));
    let (char, int) = (count("char"), count("int"));
    let known = count("signed") + count("unsigned") + short + long + char + int;
    if known != words.len() || signed && unsigned {
        return None;
    }
    Some(match (char, short, long) {
        (1, 0, 0) if int > 0 => return None,
        (1, 0, 0) if unsigned => UNSIGNED_CHAR,
        (1, 0, 0) if signed => SIGNED_CHAR,
        (1, 0, 0) => CHAR,
        (0, 1, 0) if unsigned => UNSIGNED_SHORT,
        (0, 1, 0) => SHORT,
        (0, 0, 0) if unsigned => UNSIGNED_INT,
        (0, 0, 0) => INT,
        (0, 0, 1) if unsigned => Int {
            size: pointer_size,
            ..self::int(8, false, &["long unsigned int", "unsigned long"])
        },
        (0, 0, 1) => Int {
            size: pointer_size,
            ..self::int(8, true, &["long int", "long"])
        },
        (0, 0, 2) if unsigned => UNSIGNED_LONG_LONG,
        (0, 0, 2) => LONG_LONG,
        _ => return None,
    })
}

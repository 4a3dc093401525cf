//! C identifiers: what may be emitted, and under which name.

mod keywords;
mod reserved;
mod rust;

pub(crate) use self::keywords::is_keyword;
pub(crate) use self::reserved::is_reserved;
pub use self::rust::rust_identifier;

/// Whether this is an identifier of C: a letter or underscore, then letters, digits, underscores.
///
/// Only ASCII counts. Kernel names are, and what is not must not reach generated code.
pub fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(is_word)
}

/// Whether a byte can be in an identifier.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether this is the name of a function that a compiler has made of another (`foo.isra.0`): an
/// identifier, then at least one dot, each with letters, digits and underscores behind it.
pub(crate) fn is_clone(name: &str) -> bool {
    let mut parts = name.split('.');
    name.contains('.')
        && parts.next().is_some_and(is_identifier)
        && parts.all(|part| !part.is_empty() && part.bytes().all(is_word))
}

/// The function that it was made of; what has no dots is its own.
pub(crate) fn original(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// `MODULE_NAME_LEN` of `include/linux/moduleparam.h`, without the NUL that it counts.
const MAX_MODULE_NAME: usize = 55;

/// Whether a module can be called so. Some start with a digit: `8021q`.
pub(crate) fn is_module_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    (1..=MAX_MODULE_NAME).contains(&name.len()) && name.bytes().all(fits)
}

/// Macros that compilers predefine under a name without leading underscores (`clang -dM -E` and
/// `gcc -dM -E` for the targets that kernels and BPF have), and those of libbpf's BPF headers that
/// an argument could be called by, sorted.
const MACROS: &[&str] = &[
    "NULL",
    "PPC",
    "R3000",
    "SEC",
    "arm",
    "barrier",
    "barrier_var",
    "bpf",
    "bpf_printk",
    "container_of",
    "i386",
    "linux",
    "mips",
    "offsetof",
    "riscv",
    "unix",
];

/// Whether a name cannot be a field's as it is: a keyword, or a macro by the time that the header
/// is read.
///
/// A name of two leading underscores is the compiler's to define (`__linux__`, `__always_inline`).
/// Those that end in two underscores count, since compilers predefine hundreds of that form.
fn is_taken(name: &str) -> bool {
    is_keyword(name)
        || MACROS.binary_search(&name).is_ok()
        || name.starts_with("__") && (name.ends_with("__") || is_underscored_word(name))
}

/// GNU spellings of keywords, and attribute macros of libbpf's `bpf_helpers.h`.
fn is_underscored_word(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "__always_inline",
        "__arena",
        "__array",
        "__asm",
        "__attribute",
        "__auto_type",
        "__bpf",
        "__builtin_offsetof",
        "__builtin_va_arg",
        "__const",
        "__extension__",
        "__hidden",
        "__inline",
        "__int128",
        "__kconfig",
        "__kptr",
        "__kptr_untrusted",
        "__ksym",
        "__noinline",
        "__percpu_kptr",
        "__restrict",
        "__signed",
        "__thread",
        "__type",
        "__typeof",
        "__uint",
        "__ulong",
        "__uptr",
        "__volatile",
        "__weak",
    ];
    WORDS.binary_search(&name).is_ok()
}

/// The name under which a field is emitted: its own, or with underscores behind it until it is
/// neither taken by the language nor in `used`.
pub(crate) fn field_name(name: &str, used: &[String]) -> String {
    let mut field = name.to_owned();
    while is_taken(&field) || used.contains(&field) {
        field.push('_');
        // `__x__` would stay taken however many underscores follow.
        if field.starts_with("__") {
            field.insert(0, 'x');
        }
    }
    field
}

/// What separates an argument's name from that of its type, where a struct has a field for each type that
/// an argument has on several kernels: three underscores, as in CO-RE's flavours.
pub(crate) const FLAVOR: &str = "___";

/// The argument that a field is: `error` for `error___int`.
pub(crate) fn argument_name(field: &str) -> &str {
    match field.rsplit_once(FLAVOR) {
        Some((argument, word)) if !argument.is_empty() && !word.is_empty() => argument,
        _ => field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers() {
        for name in ["a", "_", "_1", "task_struct", "ABC9"] {
            assert!(is_identifier(name), "{name}");
        }
        for name in [
            "", "1a", "a-b", "a.isra.0", "a b", "a;", "é", "\u{fffd}", "a\n",
        ] {
            assert!(!is_identifier(name), "{name}");
        }
    }

    #[test]
    fn tables_are_sorted() {
        assert!(MACROS.is_sorted());
    }

    #[test]
    fn taken_names_are_escaped() {
        let none: &[String] = &[];
        assert_eq!(field_name("task", none), "task");
        assert_eq!(field_name("default", none), "default_");
        assert_eq!(field_name("bpf", none), "bpf_");
        assert_eq!(field_name("linux", none), "linux_");
        assert_eq!(field_name("__user", none), "__user");
        for name in ["__linux__", "__inline", "__weak"] {
            let field = field_name(name, none);
            assert!(is_identifier(&field) && !is_taken(&field), "{field}");
        }
    }

    #[test]
    fn a_name_is_given_once() {
        let used = ["ret".to_owned(), "ret_".to_owned()];
        assert_eq!(field_name("ret", &used), "ret__");
    }

    #[test]
    fn underscored_words_are_found() {
        assert!(is_underscored_word("__always_inline"));
        assert!(is_underscored_word("__weak"));
        assert!(is_underscored_word("__builtin_va_arg"));
        assert!(!is_underscored_word("__rcu"));
    }

    #[test]
    fn names_of_arguments() {
        for (field, argument) in [
            ("error___int", "error"),
            ("ret____long", "ret_"),
            ("a__b___int_ptr", "a__b"),
            ("plain", "plain"),
            ("___int", "___int"),
            ("plain___", "plain___"),
        ] {
            assert_eq!(argument_name(field), argument, "{field}");
        }
    }
}

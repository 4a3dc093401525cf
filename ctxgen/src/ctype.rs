//! Types as C declarations write them, looked up in a kernel's BTF: `const struct iovec *`, `size_t`.
//!
//! What tracefs and the table of system calls say of an argument is text. BTF has what the kernel
//! itself uses, so that a type may be missing; then one stands in that is there and as wide.

use std::ffi::CString;

use libbpf_rs::libbpf_sys;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Named;
use crate::text::ident::is_identifier;

/// More pointers than these are in no argument's type.
const MAX_POINTERS: usize = 8;

/// The longest text that is looked at.
const MAX_TEXT: usize = 256;

/// A type as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
struct CType<'t> {
    base: Base<'t>,
    /// Whether what is pointed to first is `const`. Of what is no pointer it makes no difference.
    is_const: bool,
    /// For each `*`, whether `const` is behind it.
    pointers: Vec<bool>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Base<'t> {
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
struct Int {
    size: u32,
    signed: bool,
    is_char: bool,
    /// Its names in BTF: gcc and clang spell them differently.
    names: &'static [&'static str],
}

const fn int(size: u32, signed: bool, names: &'static [&'static str]) -> Int {
    Int {
        size,
        signed,
        is_char: false,
        names,
    }
}

const CHAR: Int = Int {
    is_char: true,
    ..int(1, true, &["char"])
};
const SIGNED_CHAR: Int = int(1, true, &["signed char"]);
const UNSIGNED_CHAR: Int = int(1, false, &["unsigned char"]);
const SHORT: Int = int(2, true, &["short int", "short"]);
const UNSIGNED_SHORT: Int = int(2, false, &["short unsigned int", "unsigned short"]);
const INT: Int = int(4, true, &["int"]);
const UNSIGNED_INT: Int = int(4, false, &["unsigned int"]);
const LONG_LONG: Int = int(8, true, &["long long int", "long long"]);
const UNSIGNED_LONG_LONG: Int = int(8, false, &["long long unsigned int", "unsigned long long"]);

/// What typedefs of the kernel's are that stand in arguments of system calls and in trace records,
/// for kernels whose BTF lacks them, sorted by name.
const TYPEDEFS: &[(&str, &str)] = &[
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

/// The type that this text stands for, or one that is as wide and says less: of a pointer, one to
/// `void`; of a typedef or an enum, the integer that it is. `None` for what is no type, or of which
/// nobody knows how wide it is.
pub(crate) fn type_of(kernel: &KernelBtf, text: &str) -> Option<TypeId> {
    kernel.c_type(text, || {
        let ty = parse(text, kernel.btf().pointer_size())?;
        find(kernel, &ty).or_else(|| stand_in(kernel, &ty))
    })
}

/// Writes the type that this text stands for on top of a BTF, so that [`type_of`] finds it there: of
/// what is named, declarations, where the BTF has none. Nothing, for what is no type, or of which only
/// the kernel knows what it is.
pub(crate) fn write(base: &Btf<'_>, writer: &mut BtfWriter, text: &str) -> Option<TypeId> {
    let ty = parse(text, base.pointer_size())?;
    let known = |name: &str, kind| {
        let name = CString::new(name).ok()?;
        base.find(&name, kind).map(|ty| ty.id())
    };
    let mut id =
        match &ty.base {
            Base::Void => TypeId::VOID,
            Base::Bool => writer.int("_Bool", 1, IntEncoding::Bool),
            Base::Int(int) => {
                let encoding = match int.signed {
                    true => IntEncoding::Signed,
                    false => IntEncoding::Unsigned,
                };
                let mut names = int.names.iter();
                let known = names.find_map(|name| known(name, libbpf_sys::BTF_KIND_INT));
                known.unwrap_or_else(|| writer.int(int.names[0], int.size, encoding))
            }
            Base::Struct(name) => known(name, libbpf_sys::BTF_KIND_STRUCT)
                .unwrap_or_else(|| writer.forward(name, false)),
            Base::Union(name) => known(name, libbpf_sys::BTF_KIND_UNION)
                .unwrap_or_else(|| writer.forward(name, true)),
            Base::Enum(_) => writer.unsigned(UNSIGNED_INT.names[0], UNSIGNED_INT.size),
            Base::Typedef(name) => match known(name, libbpf_sys::BTF_KIND_TYPEDEF) {
                Some(known) => known,
                None => write(base, writer, of_typedef(name)?)?,
            },
        };
    // What is looked up later goes from the type to the first that leads to it.
    let link = |kind: u32, to: TypeId| base.first_reference(kind, to);
    let mut is_const = ty.is_const;
    for is_const_pointer in &ty.pointers {
        if is_const {
            let known = link(libbpf_sys::BTF_KIND_CONST, id);
            id = known.unwrap_or_else(|| writer.constant(id));
        }
        let known = link(libbpf_sys::BTF_KIND_PTR, id);
        id = known.unwrap_or_else(|| writer.pointer(id));
        is_const = *is_const_pointer;
    }
    Some(id)
}

/// What a typedef is that BTF lacks.
fn of_typedef(name: &str) -> Option<&'static str> {
    let at = TYPEDEFS
        .binary_search_by_key(&name, |(known, _)| known)
        .ok()?;
    Some(TYPEDEFS[at].1)
}

fn stand_in(kernel: &KernelBtf, ty: &CType<'_>) -> Option<TypeId> {
    let pointer_size = kernel.btf().pointer_size();
    if !ty.pointers.is_empty() {
        let mut plain = vec![CType {
            is_const: false,
            pointers: vec![false; ty.pointers.len()],
            ..ty.clone()
        }];
        plain.extend([ty.is_const, !ty.is_const].map(|is_const| CType {
            base: Base::Void,
            is_const,
            pointers: vec![false],
        }));
        let found = plain.iter().find_map(|plain| find(kernel, plain));
        return found.or_else(|| unsigned(kernel, pointer_size));
    }
    match &ty.base {
        Base::Void | Base::Struct(_) | Base::Union(_) => None,
        Base::Bool => unsigned(kernel, 1),
        Base::Int(int) => {
            integer_of(kernel, int.size, int.signed).or_else(|| unsigned(kernel, int.size))
        }
        Base::Enum(_) => {
            find(kernel, &plain(Base::Int(UNSIGNED_INT))).or_else(|| unsigned(kernel, 4))
        }
        Base::Typedef(name) => {
            let ty = parse(of_typedef(name)?, pointer_size)?;
            find(kernel, &ty).or_else(|| stand_in(kernel, &ty))
        }
    }
}

fn plain(base: Base<'_>) -> CType<'_> {
    CType {
        base,
        is_const: false,
        pointers: Vec::new(),
    }
}

fn find(kernel: &KernelBtf, ty: &CType<'_>) -> Option<TypeId> {
    let (index, btf) = (kernel.index(), kernel.btf());
    let named = |named, name| kernel.candidates(named, name).next().map(|ty| ty.id());
    let declared = |kind, name| index.declaration(btf, kind, name);
    let mut id = match &ty.base {
        Base::Void => TypeId::VOID,
        Base::Int(int) => exact(kernel, int)?,
        Base::Bool => index.numbers(btf).find_map(|ty| {
            let is_bool = matches!(
                ty.kind(),
                Kind::Int {
                    size: 1,
                    encoding: IntEncoding::Bool
                }
            );
            is_bool.then_some(ty.id())
        })?,
        Base::Typedef(name) => named(Named::Typedef, name)?,
        Base::Struct(name) => {
            named(Named::Struct, name).or_else(|| declared(libbpf_sys::BTF_KIND_FWD, name))?
        }
        Base::Union(name) => {
            named(Named::Union, name).or_else(|| declared(libbpf_sys::BTF_KIND_FWD, name))?
        }
        Base::Enum(name) => declared(libbpf_sys::BTF_KIND_ENUM, name)
            .or_else(|| declared(libbpf_sys::BTF_KIND_ENUM64, name))?,
    };
    let (mut is_const, last) = (ty.is_const, ty.pointers.len());
    for (number, is_const_pointer) in ty.pointers.iter().enumerate() {
        if is_const {
            id = index.link(btf, libbpf_sys::BTF_KIND_CONST, id)?;
        }
        id = index.link(btf, libbpf_sys::BTF_KIND_PTR, id)?;
        // Of the argument itself it says nothing.
        is_const = *is_const_pointer && number + 1 < last;
    }
    Some(id)
}

/// The integer of that name, else any of that size and sign.
fn exact(kernel: &KernelBtf, int: &Int) -> Option<TypeId> {
    let numbers = kernel.index().numbers(kernel.btf());
    let mut named = numbers.filter(|ty| int.names.contains(&ty.name()));
    let is_same = |size, encoding| match encoding {
        IntEncoding::Signed => size == int.size && int.signed,
        // Whether a plain `char` has a sign is for compilers to say, and 5.10's `signed char` is not
        // marked.
        IntEncoding::Unsigned => size == int.size && (!int.signed || int.size == 1),
        IntEncoding::Char => size == int.size && int.is_char,
        IntEncoding::Bool => false,
    };
    let found = named.find(|ty| match ty.kind() {
        Kind::Int { size, encoding } => is_same(size, encoding),
        _ => false,
    });
    found.map(|ty| ty.id()).or_else(|| match int.is_char {
        true => None,
        false => integer_of(kernel, int.size, int.signed),
    })
}

fn unsigned(kernel: &KernelBtf, size: u32) -> Option<TypeId> {
    integer_of(kernel, size, false).or_else(|| integer_of(kernel, size, true))
}

fn integer_of(kernel: &KernelBtf, of_size: u32, signed: bool) -> Option<TypeId> {
    let wanted = match signed {
        true => IntEncoding::Signed,
        false => IntEncoding::Unsigned,
    };
    let mut numbers = kernel.index().numbers(kernel.btf());
    let found = numbers.find(|ty| match ty.kind() {
        Kind::Int { size, encoding } => size == of_size && encoding == wanted,
        _ => false,
    });
    found.map(|ty| ty.id())
}

/// What stands in the text; `None` where it is no type.
fn parse(text: &str, pointer_size: u32) -> Option<CType<'_>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::ByteOrder;
    use crate::btf::Sections;
    use crate::btf::assemble;
    use crate::kernel::Origin;

    fn written(text: &str) -> Option<CType<'_>> {
        parse(text, 8)
    }

    #[test]
    fn what_is_written() {
        let ty = written("const struct iovec *").unwrap();
        assert_eq!(ty.base, Base::Struct("iovec"));
        assert_eq!((ty.is_const, &ty.pointers[..]), (true, &[false][..]));
        let ty = written("const char __attribute__((btf_type_tag(\"user\"))) *const *").unwrap();
        assert_eq!(ty.base, Base::Int(CHAR));
        assert_eq!((ty.is_const, &ty.pointers[..]), (true, &[true, false][..]));
        for (text, base) in [
            ("unsigned", Base::Int(UNSIGNED_INT)),
            ("short unsigned int", Base::Int(UNSIGNED_SHORT)),
            ("unsigned long long", Base::Int(UNSIGNED_LONG_LONG)),
            ("u32", Base::Typedef("u32")),
            ("enum x", Base::Enum("x")),
        ] {
            assert_eq!(written(text).unwrap(), plain(base), "{text}");
        }
    }

    /// What leads to a type is looked for from the first type of that name on.
    #[test]
    fn what_is_written_is_found() {
        for text in [
            "const char *",
            "char *",
            "const struct iovec *",
            "u32",
            "unsigned long",
        ] {
            let mut writer = BtfWriter::new(ByteOrder::HOST);
            let char = writer.int("char", 1, IntEncoding::Signed);
            writer.constant(char);
            writer.int("int", 4, IntEncoding::Signed);
            let below = writer.finish();
            let base = Btf::parse(&below).unwrap();
            let mut writer = BtfWriter::split(&base);
            let id = write(&base, &mut writer, text).unwrap();
            let above = writer.finish();
            let [types, strings] = [&below, &above]
                .map(|blob| (blob, Sections::parse(blob).unwrap()))
                .map(|(blob, at)| [&blob[at.types], &blob[at.strings]])
                .into_iter()
                .fold([Vec::new(), Vec::new()], |[types, strings], [t, s]| {
                    [[&types, t].concat(), [&strings, s].concat()]
                });
            let whole = assemble(ByteOrder::HOST, &types, &strings);
            let kernel = KernelBtf::from_bytes(&whole, Origin::Memory("test".to_owned())).unwrap();
            assert_eq!(type_of(&kernel, text), Some(id), "{text}");
        }
    }

    #[test]
    fn what_is_no_type() {
        let stars = format!("int {}", "*".repeat(100));
        let long = "a".repeat(10_000);
        for text in [
            "",
            "*",
            "const",
            "int (*)(void)",
            "struct",
            "struct a b",
            "char int",
            "int x *y",
            "a[4]",
            "int\"",
            "__attribute__((",
            "unsigned signed",
            "long long long",
            "é",
            &stars,
            &long,
        ] {
            assert_eq!(written(text), None, "{text}");
        }
    }

    #[test]
    fn typedefs_are_sorted() {
        assert!(TYPEDEFS.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn what_is_missing_is_replaced_by_what_is_as_wide() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut writer = BtfWriter::new(order);
            let int = writer.int("int", 4, IntEncoding::Signed);
            let long = writer.unsigned("long unsigned int", 8);
            let short = writer.unsigned("short unsigned int", 2);
            let void = writer.pointer(TypeId::VOID);
            let known = writer.forward("known", false);
            let known = writer.pointer(known);
            let size = writer.typedef("size_t", long);
            let origin = Origin::Memory("test".to_owned());
            let kernel = KernelBtf::from_bytes(&writer.finish(), origin).unwrap();
            for (text, id) in [
                ("int", Some(int)),
                ("unsigned int", Some(int)),
                ("size_t", Some(size)),
                ("umode_t", Some(short)),
                ("pid_t", Some(int)),
                ("enum unknown", Some(int)),
                ("struct known *", Some(known)),
                ("const struct known *", Some(known)),
                ("struct unknown *", Some(void)),
                ("const char *const *", Some(void)),
                ("aio_context_t", Some(long)),
                ("char", None),
                ("unknown_t", None),
                ("struct unknown", None),
                ("void", Some(TypeId::VOID)),
            ] {
                // The second time, it is known already.
                for _ in 0..2 {
                    assert_eq!(type_of(&kernel, text), id, "{text}");
                }
            }
        }
    }
}

//! Names that C cannot have where `vmlinux.h` would have them.
//!
//! A member's, value's or type's name says nothing of the layout, so that a bad one is no reason to go
//! without the type, nor without all those that hold it.

use std::collections::BTreeSet;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::Kind;
use crate::btf::Shape;
use crate::btf::Type;
use crate::btf::TypeId;
use crate::kernel::integer;
use crate::text::ident::is_identifier;
use crate::text::ident::is_reserved;

/// What stands in for such a name, before the place of the name in the BTF's strings: the same name has the
/// same replacement everywhere.
const STANDS_IN: &str = "__ctxgen_name_";

/// Names that [`Definitions`](crate::btf::Definitions) gives a meaning to by itself, as libbpf does.
const LIBBPF: [&str; 5] = [
    "__Poly128_t",
    "__Poly16_t",
    "__Poly64_t",
    "__Poly8_t",
    "__builtin_va_list",
];

/// The BTF with names for C in place of those that are none, types by the same numbers; `None` where these
/// types have names for C already.
pub(crate) fn spelled(btf: &Btf<'_>, ids: impl Iterator<Item = TypeId>) -> Option<Vec<u8>> {
    let mut types = ids.filter_map(|id| btf.get(id));
    types.any(|ty| first_bad(btf, &ty).is_some()).then(|| {
        let mut writer = BtfWriter::new(btf.byte_order());
        for ty in btf.types() {
            let kind = ty.kind();
            writer.copy_renamed(&ty, |at, offset| match btf.string(offset) {
                name if fits(kind, at, name) => name.into(),
                _ => stand_in(&ty, at, offset).into(),
            });
        }
        writer.finish()
    })
}

/// The first name of a type that cannot stand where it does, and which of the type's words it is.
pub(crate) fn first_bad<'b>(btf: &'b Btf<'_>, ty: &Type<'_>) -> Option<(usize, &'b str)> {
    let words = ty.words();
    let shape = words.get(1).and_then(|info| Shape::of(*info))?;
    let kind = ty.kind();
    let mut names = shape.names(words.len());
    names.find_map(|at| {
        let name = btf.string(words[at]);
        (!fits(kind, at, name)).then_some((at, name))
    })
}

/// Whether a name can stand where it does: the word `at` of a type.
fn fits(kind: Kind<'_>, at: usize, name: &str) -> bool {
    match kind {
        Kind::Int { .. } => is_integer(name) || LIBBPF.contains(&name),
        Kind::Float { .. } => matches!(name, "float" | "double" | "long double"),
        Kind::TypeTag(_) => is_attribute(name),
        // Not printed; functions are by their callers.
        Kind::DeclTag { .. } | Kind::DataSec | Kind::Var(_) | Kind::Func(_) => true,
        Kind::Typedef(_) if LIBBPF.contains(&name) => true,
        // A value has a name, as a typedef has.
        Kind::Enum { .. } | Kind::Enum64 { .. } if at > 0 => is_name(name),
        Kind::Typedef(_) => is_name(name),
        _ => name.is_empty() || is_name(name),
    }
}

fn is_name(name: &str) -> bool {
    is_identifier(name) && !is_reserved(name) && !name.starts_with(STANDS_IN)
}

/// Whether that is an integer type of C, whatever the order of its words.
fn is_integer(name: &str) -> bool {
    const SIGNS: [&str; 3] = ["", "signed", "unsigned"];
    if name == "_Bool" {
        return true;
    }
    let words: Vec<&str> = name.split(' ').collect();
    let count = |word| words.iter().filter(|other| **other == word).count();
    let sizes = ["char", "short", "__int128"].map(count);
    let (longs, ints, signs) = (
        count("long"),
        count("int"),
        count("signed") + count("unsigned"),
    );
    let known = sizes.iter().sum::<usize>() + longs + ints + signs;
    let distinct = BTreeSet::from_iter(&words).len() + longs.saturating_sub(1).min(1);
    let bases = sizes.iter().sum::<usize>() + longs.min(1);
    known == words.len()
        && distinct == words.len()
        && bases <= 1
        && signs < SIGNS.len() - 1
        && longs <= 2
        && (ints == 0 || sizes[0] + sizes[2] == 0)
}

/// What takes the place of a name: of a number, one with the same size.
fn stand_in(ty: &Type<'_>, at: usize, offset: u32) -> String {
    let number = match ty.kind() {
        Kind::Int { size, encoding } => integer(size, encoding),
        Kind::Float { size: 2 } => "unsigned short",
        Kind::Float { size: 4 } => "float",
        Kind::Float { size: 16 } => "unsigned __int128",
        Kind::Float { .. } => "double",
        _ if offset == 0 => return format!("{STANDS_IN}of_{}_{at}", ty.id()),
        _ => return format!("{STANDS_IN}{offset}"),
    };
    number.to_owned()
}

/// Whether a type tag's text stays inside what it is printed in: `rcu`, `address_space(1)`.
fn is_attribute(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_(), :-".contains(c);
    let mut depth = 0i32;
    text.chars().all(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        allowed(c) && depth >= 0
    }) && depth == 0
        && !text.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_c() {
        for name in [
            "int",
            "long unsigned int",
            "unsigned long long",
            "long long int",
            "char",
            "signed char",
            "unsigned __int128",
            "_Bool",
            "short int",
            "unsigned",
        ] {
            assert!(is_integer(name), "{name}");
        }
        for name in [
            "",
            "evil",
            "char char",
            "long long long",
            "int int",
            "short long",
            "signed unsigned",
            "char int",
            "unsigned _Bool",
            "int ",
            "__float128",
        ] {
            assert!(!is_integer(name), "{name}");
        }
    }

    #[test]
    fn attributes() {
        for fine in ["rcu", "user", "address_space(1)", "a:b", "arena_ptr"] {
            assert!(is_attribute(fine), "{fine}");
        }
        for bad in ["", "a\"b", "a\\", "a)(", "a\nb", "))", "(", "a;b"] {
            assert!(!is_attribute(bad), "{bad}");
        }
    }
}

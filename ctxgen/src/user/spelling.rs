//! Names that C does not know, in BTF that was made of another language's program or by hand.

use std::collections::BTreeSet;

use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::IntEncoding;
use crate::btf::Kind;
use crate::btf::Type;
use crate::btf::c_integer;
use crate::text::ident::is_identifier;

/// The blob with names of C alone: an integer that C does not have (`i32`, `u8`, a `char` of four bytes) is
/// spelt by its size and sign, and what has a name that is no identifier (`&str`, `Vec<u8>`) has none.
/// Types keep their numbers.
pub(super) fn spelled(btf: &Btf<'_>) -> Vec<u8> {
    let mut writer = BtfWriter::new(btf.byte_order());
    for ty in btf.types() {
        let spelled = |at, offset| match (at, btf.string(offset)) {
            (0, name) => name_of(&ty, name),
            (_, name) if is_identifier(name) => name,
            _ => "",
        };
        match ty.kind() {
            // A typedef has a name, or is nothing; this is as good as nothing.
            Kind::Typedef(of) if spelled(0, ty.name_offset()).is_empty() => writer.volatile(of),
            _ => writer.copy_renamed(&ty, |at, offset| spelled(at, offset).into()),
        };
    }
    writer.finish()
}

fn name_of<'n>(ty: &Type<'_>, name: &'n str) -> &'n str {
    match ty.kind() {
        Kind::Int { size, encoding } if c_size(name) != Some(size) => integer(size, encoding),
        Kind::Float { size } if !name.split(' ').all(is_identifier) || is_rust_float(name) => {
            match size {
                4 => "float",
                16 => "long double",
                _ => "double",
            }
        }
        Kind::Int { .. } | Kind::Float { .. } | Kind::Func(_) => name,
        _ if is_identifier(name) => name,
        _ => "",
    }
}

fn is_rust_float(name: &str) -> bool {
    matches!(name, "f16" | "f32" | "f64" | "f128")
}

/// What C calls an integer of that size and sign.
pub(crate) fn integer(size: u32, encoding: IntEncoding) -> &'static str {
    let signed = matches!(encoding, IntEncoding::Signed | IntEncoding::Char if size == 1)
        || encoding == IntEncoding::Signed;
    match (size, signed) {
        (1, _) if encoding == IntEncoding::Bool => "_Bool",
        (1, _) if encoding == IntEncoding::Char => "char",
        (16, true) => "__int128",
        (16, false) => "unsigned __int128",
        (size, signed) => c_integer(size, signed).unwrap_or(match signed {
            true => "long long",
            false => "unsigned long long",
        }),
    }
}

/// The size of the integer that has this name in C, in bytes; `None` where none has.
pub(super) fn c_size(name: &str) -> Option<u32> {
    const WORDS: [&str; 8] = [
        "_Bool", "__int128", "char", "int", "long", "short", "signed", "unsigned",
    ];
    let words: BTreeSet<&str> = name.split(' ').collect();
    if name.is_empty() || !words.iter().all(|word| WORDS.contains(word)) {
        return None;
    }
    let sizes = [
        ("_Bool", 1),
        ("char", 1),
        ("short", 2),
        ("long", 8),
        ("__int128", 16),
    ];
    let size = sizes.iter().find(|(word, _)| words.contains(word));
    Some(size.map_or(4, |(_, size)| *size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::btf::ByteOrder;
    use crate::btf::TypeId;

    #[test]
    fn by_size_and_sign() {
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let mut writer = BtfWriter::new(order);
            let mut names = Vec::new();
            for (name, size, encoding, spelled) in [
                ("i32", 4, IntEncoding::Signed, "int"),
                ("u8", 1, IntEncoding::Unsigned, "unsigned char"),
                ("char", 4, IntEncoding::Char, "unsigned int"),
                ("char", 1, IntEncoding::Char, "char"),
                ("char", 1, IntEncoding::Signed, "char"),
                ("bool", 1, IntEncoding::Bool, "_Bool"),
                ("usize", 8, IntEncoding::Unsigned, "unsigned long long"),
                ("i128", 16, IntEncoding::Signed, "__int128"),
                (
                    "long unsigned int",
                    8,
                    IntEncoding::Unsigned,
                    "long unsigned int",
                ),
                ("char32_t", 4, IntEncoding::Unsigned, "unsigned int"),
            ] {
                writer.int(name, size, encoding);
                names.push(spelled);
            }
            let text = writer.structure("&str", 16, &[]);
            writer.pointer(text);
            let btf = Btf::parse(&writer.finish()).unwrap();
            let spelled = Btf::parse(&spelled(&btf)).unwrap();
            assert_eq!(spelled.type_count(), btf.type_count());
            for (id, name) in (1..).zip(names) {
                assert_eq!(spelled.get(TypeId(id)).unwrap().name(), name);
            }
            assert_eq!(spelled.get(text).unwrap().name(), "");
            assert_eq!(spelled.size_of(text), Some(16));
        }
    }
}

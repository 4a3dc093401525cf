//! Texts, and the types that they stand for.

use super::written::CHAR;
use super::written::TYPEDEFS;
use super::written::UNSIGNED_LONG_LONG;
use super::written::UNSIGNED_SHORT;
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

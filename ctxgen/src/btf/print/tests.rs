//! A row for each rule: how types are made, and their text.

use libbpf_rs::libbpf_sys;

use super::*;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;

/// Whether members are bitfields, or the type is signed, or what else that kind has.
const FLAG: u32 = 1 << 31;

/// How a type is made.
pub(super) type Make = fn(&mut BtfWriter) -> TypeId;

pub(super) fn int(writer: &mut BtfWriter) -> TypeId {
    writer.int("int", 4, IntEncoding::Signed)
}

fn refers(writer: &mut BtfWriter, kind: u32, name: &str, to: TypeId) -> TypeId {
    let name = writer.string(name);
    writer.raw(&[name, kind << 24, to.0])
}

fn volatile(writer: &mut BtfWriter, of: TypeId) -> TypeId {
    refers(writer, libbpf_sys::BTF_KIND_VOLATILE, "", of)
}

fn restrict(writer: &mut BtfWriter, of: TypeId) -> TypeId {
    refers(writer, libbpf_sys::BTF_KIND_RESTRICT, "", of)
}

fn tag(writer: &mut BtfWriter, name: &str, of: TypeId) -> TypeId {
    refers(writer, libbpf_sys::BTF_KIND_TYPE_TAG, name, of)
}

/// Name, size and values.
pub(super) fn enumeration(
    writer: &mut BtfWriter,
    name: &str,
    size: u32,
    values: &[(&str, u32)],
) -> TypeId {
    let info = libbpf_sys::BTF_KIND_ENUM << 24 | values.len() as u32;
    let mut words = vec![writer.string(name), info, size];
    for (name, value) in values {
        words.extend([writer.string(name), *value]);
    }
    writer.raw(&words)
}

fn enumeration64(writer: &mut BtfWriter, flag: u32, values: &[(&str, u64)]) -> TypeId {
    let info = flag | libbpf_sys::BTF_KIND_ENUM64 << 24 | values.len() as u32;
    let mut words = vec![writer.string("e"), info, 8];
    for (name, value) in values {
        words.extend([writer.string(name), *value as u32, (value >> 32) as u32]);
    }
    writer.raw(&words)
}

/// A struct `s` whose members are a name, a type, an offset in bits and a width.
fn bits(writer: &mut BtfWriter, size: u32, members: &[(&str, TypeId, u32, u32)]) -> TypeId {
    let info = FLAG | libbpf_sys::BTF_KIND_STRUCT << 24 | members.len() as u32;
    let mut words = vec![writer.string("s"), info, size];
    for (name, id, offset, width) in members {
        words.extend([writer.string(name), id.0, width << 24 | offset]);
    }
    writer.raw(&words)
}

pub(super) fn check(rows: &[(&str, Make, &str)], print: fn(&Btf<'_>, TypeId) -> String) {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for (rule, make, expected) in rows {
            let mut writer = BtfWriter::new(order);
            let id = make(&mut writer);
            let btf = Btf::parse(&writer.finish()).unwrap();
            assert_eq!(print(&btf, id), *expected, "{rule}");
        }
    }
}

pub(super) fn declared(btf: &Btf<'_>, id: TypeId) -> String {
    CPrinter::new(btf).declare(id, "x").unwrap()
}

fn defined(btf: &Btf<'_>, id: TypeId) -> String {
    CPrinter::new(btf).definitions().define(id).unwrap()
}

pub(super) fn all_defined(btf: &Btf<'_>, _: TypeId) -> String {
    CPrinter::new(btf).definitions().define_all().unwrap()
}

#[test]
fn declarations() {
    let rows: &[(&str, Make, &str)] = &[
        ("nothing", |_| TypeId::VOID, "void x"),
        ("a number", int, "int x"),
        (
            "a struct is mentioned",
            |w| w.structure("s", 0, &[]),
            "struct s x",
        ),
        (
            "a union that is only declared",
            |w| w.forward("u", true),
            "union u x",
        ),
        (
            "an enum is mentioned",
            |w| enumeration(w, "e", 4, &[("A", 0)]),
            "enum e x",
        ),
        (
            "stars stand together, and at the name",
            |w| {
                let one = int(w);
                let one = w.pointer(one);
                w.pointer(one)
            },
            "int **x",
        ),
        (
            "qualifiers stand before what is no pointer",
            |w| {
                let int = int(w);
                let int = volatile(w, int);
                w.constant(int)
            },
            "volatile const int x",
        ),
        (
            "and behind what is one",
            |w| {
                let int = int(w);
                let pointer = w.pointer(int);
                let pointer = restrict(w, pointer);
                w.constant(pointer)
            },
            "int * restrict const x",
        ),
        (
            "an array of pointers",
            |w| {
                let int = int(w);
                let pointer = w.pointer(int);
                w.array(pointer, int, 3)
            },
            "int *x[3]",
        ),
        (
            "a pointer to an array",
            |w| {
                let int = int(w);
                let array = w.array(int, int, 3);
                w.pointer(array)
            },
            "int (*x)[3]",
        ),
        (
            "arrays of arrays, of which the last has no length",
            |w| {
                let int = int(w);
                let array = w.array(int, int, 0);
                w.array(array, int, 3)
            },
            "int x[3][0]",
        ),
        (
            "qualifiers of an array are those of its elements",
            |w| {
                let int = int(w);
                let array = w.array(int, int, 3);
                w.constant(array)
            },
            "int x[3]",
        ),
        (
            "a function without parameters",
            |w| w.prototype(&[], TypeId::VOID),
            "void x(void)",
        ),
        (
            "one of clang's for BPF without parameters",
            |w| w.prototype(&[("", TypeId::VOID)], TypeId::VOID),
            "void x(void)",
        ),
        (
            "a pointer to a function with more parameters than these",
            |w| {
                let int = int(w);
                let proto = w.prototype(&[("a", int), ("", int), ("", TypeId::VOID)], int);
                w.pointer(proto)
            },
            "int (*x)(int a, int, ...)",
        ),
        (
            "a function that returns a pointer to one",
            |w| {
                let int = int(w);
                let inner = w.prototype(&[("a", int)], int);
                let inner = w.pointer(inner);
                w.prototype(&[], inner)
            },
            "int (*x(void))(int a)",
        ),
        (
            "a tag",
            |w| {
                let structure = w.forward("s", false);
                let constant = w.constant(structure);
                let tagged = tag(w, "user", constant);
                w.pointer(tagged)
            },
            "const struct s __attribute__((btf_type_tag(\"user\"))) *x",
        ),
        (
            "an attribute",
            |w| {
                let int = int(w);
                let name = w.string("address_space(1)");
                let info = FLAG | libbpf_sys::BTF_KIND_TYPE_TAG << 24;
                let tagged = w.raw(&[name, info, int.0]);
                w.pointer(tagged)
            },
            "int __attribute__((address_space(1))) *x",
        ),
        (
            "what has no name is written out",
            |w| {
                let int = int(w);
                w.structure("", 4, &[("a", int, 0)])
            },
            "struct {\n\tint a;\n} x",
        ),
    ];
    // Where libbpf's text is no C.
    let ours: &[(&str, Make, &str)] = &[(
        "qualifiers of a tagged type stand behind the tag",
        |w| {
            let structure = w.forward("s", false);
            let tagged = tag(w, "user", structure);
            let constant = w.constant(tagged);
            w.pointer(constant)
        },
        "struct s __attribute__((btf_type_tag(\"user\"))) const *x",
    )];
    check(rows, declared);
    check(ours, declared);
}

#[test]
fn without_a_name() {
    let rows: &[(&str, Make, &str)] = &[
        ("a number", int, "int"),
        (
            "a pointer",
            |w| {
                let int = int(w);
                w.pointer(int)
            },
            "int *",
        ),
        (
            "an array",
            |w| {
                let int = int(w);
                w.array(int, int, 2)
            },
            "int[2]",
        ),
        (
            "a pointer to a function",
            |w| {
                let proto = w.prototype(&[], TypeId::VOID);
                w.pointer(proto)
            },
            "void (*)(void)",
        ),
    ];
    check(rows, |btf, id| CPrinter::new(btf).declare(id, "").unwrap());
}

#[test]
fn enums() {
    let rows: &[(&str, Make, &str)] = &[
        (
            "without a sign",
            |w| enumeration(w, "e", 4, &[("A", 0), ("B", u32::MAX)]),
            "enum e {\n\tA = 0,\n\tB = 4294967295,\n};\n\n",
        ),
        (
            "of one byte",
            |w| enumeration(w, "e", 1, &[("A", 0)]),
            "enum e {\n\tA = 0,\n} __attribute__((mode(byte)));\n\n",
        ),
        (
            "of a word, with small values",
            |w| enumeration64(w, 0, &[("A", 1)]),
            "enum e {\n\tA = 1ULL,\n} __attribute__((mode(word)));\n\n",
        ),
        (
            "of a word, with a large value",
            |w| enumeration64(w, 0, &[("A", 1 << 32)]),
            "enum e {\n\tA = 4294967296ULL,\n};\n\n",
        ),
        (
            "with a sign",
            |w| enumeration64(w, FLAG, &[("A", u64::MAX)]),
            "enum e {\n\tA = -1LL,\n};\n\n",
        ),
        (
            "without values",
            |w| enumeration(w, "e", 4, &[]),
            "enum e;\n\n",
        ),
        (
            "without a name",
            |w| enumeration(w, "", 4, &[("A", 0)]),
            "enum {\n\tA = 0,\n};\n\n",
        ),
        (
            "without a name, in a typedef",
            |w| {
                let e = enumeration(w, "", 4, &[("A", 0)]);
                w.typedef("t", e);
                e
            },
            "",
        ),
    ];
    check(rows, defined);
}

#[test]
fn structs() {
    let rows: &[(&str, Make, &str)] = &[
        ("empty", |w| w.structure("s", 0, &[]), "struct s {};\n\n"),
        (
            "a flexible array",
            |w| {
                let int = int(w);
                let array = w.array(int, int, 0);
                w.structure("s", 4, &[("len", int, 0), ("data", array, 4)])
            },
            "struct s {\n\tint len;\n\tint data[0];\n};\n\n",
        ),
        (
            "a gap that the compiler leaves",
            |w| {
                let int = int(w);
                let long = w.unsigned("long", 8);
                w.structure("s", 16, &[("a", int, 0), ("b", long, 8)])
            },
            "struct s {\n\tint a;\n\tlong b;\n};\n\n",
        ),
        (
            "one that it does not",
            |w| {
                let int = int(w);
                w.structure("s", 12, &[("a", int, 0), ("b", int, 8)])
            },
            "struct s {\n\tint a;\n\tlong: 0;\n\tint b;\n};\n\n",
        ),
        (
            "an alignment that the member does not ask for",
            |w| {
                let int = int(w);
                let char = w.unsigned("char", 1);
                w.structure("s", 8, &[("a", char, 0), ("b", char, 4), ("c", int, 4)])
            },
            "struct s {\n\tchar a;\n\tint: 0;\n\tchar b;\n\tint c;\n};\n\n",
        ),
        (
            "room at the end",
            |w| {
                let int = int(w);
                w.structure("s", 16, &[("a", int, 0)])
            },
            "struct s {\n\tint a;\n\tlong: 64;\n};\n\n",
        ),
        (
            "a member where it would not be",
            |w| {
                let int = int(w);
                let char = w.unsigned("char", 1);
                w.structure("s", 5, &[("a", char, 0), ("b", int, 1)])
            },
            "struct s {\n\tchar a;\n\tint b;\n} __attribute__((packed));\n\n",
        ),
        (
            "a size that is no multiple",
            |w| {
                let int = int(w);
                let char = w.unsigned("char", 1);
                w.structure("s", 5, &[("a", int, 0), ("b", char, 4)])
            },
            "struct s {\n\tint a;\n\tchar b;\n} __attribute__((packed));\n\n",
        ),
        (
            "bitfields, with a gap between",
            |w| {
                let int = int(w);
                bits(w, 4, &[("a", int, 0, 3), ("b", int, 5, 2)])
            },
            "struct s {\n\tint a: 3;\n\tchar: 2;\n\tint b: 2;\n};\n\n",
        ),
        (
            "bitfields, of which one starts anew",
            |w| {
                let int = int(w);
                bits(w, 8, &[("a", int, 0, 3), ("b", int, 32, 2)])
            },
            "struct s {\n\tint a: 3;\n\tint: 29;\n\tint b: 2;\n};\n\n",
        ),
        (
            "members without names",
            |w| {
                let int = int(w);
                let inner = w.union("", 4, &[("a", int), ("b", int)]);
                w.structure("s", 4, &[("", inner, 0)])
            },
            "struct s {\n\tunion {\n\t\tint a;\n\t\tint b;\n\t};\n};\n\n",
        ),
    ];
    // Where libbpf's text compiles to another layout.
    let ours: &[(&str, Make, &str)] = &[
        (
            "a union whose size is no multiple",
            |w| {
                let long = w.unsigned("long", 8);
                let array = w.array(long, long, 1);
                let rest = w.unsigned("int", 4);
                let rest = w.array(rest, rest, 3);
                w.union("u", 12, &[("a", array), ("b", rest)])
            },
            "union u {\n\tlong a[1];\n\tint b[3];\n} __attribute__((packed));\n\n",
        ),
        (
            "a bitfield in two numbers of its type",
            |w| {
                let int = int(w);
                let char = w.unsigned("char", 1);
                bits(
                    w,
                    8,
                    &[("a", char, 0, 0), ("b", int, 24, 24), ("c", int, 48, 16)],
                )
            },
            "struct s {\n\tchar a;\n\tshort: 0;\n\tchar: 8;\n\tint b: 24;\n\tint c: 16;\n} __attribute__((packed));\n\n",
        ),
    ];
    check(rows, defined);
    check(ours, defined);
}

//! A row for each rule of what stands beside other types: order and names.

use super::tests::Make;
use super::tests::all_defined;
use super::tests::check;
use super::tests::declared;
use super::tests::enumeration;
use super::tests::int;
use super::*;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;

#[test]
fn order() {
    let rows: &[(&str, Make, &str)] = &[
        (
            "what is held by value comes first",
            |w| {
                let int = int(w);
                let inner = TypeId(w.next_id().0 + 1);
                w.structure("outer", 4, &[("i", inner, 0)]);
                w.structure("inner", 4, &[("a", int, 0)])
            },
            "struct inner {\n\tint a;\n};\n\nstruct outer {\n\tstruct inner i;\n};\n\n",
        ),
        (
            "what is pointed to is declared",
            |w| {
                let other = TypeId(w.next_id().0 + 2);
                let pointer = w.pointer(other);
                w.structure("a", 8, &[("b", pointer, 0)]);
                w.structure("b", 0, &[])
            },
            "struct b;\n\nstruct a {\n\tstruct b *b;\n};\n\nstruct b {};\n\n",
        ),
        (
            "a struct that points to itself is not",
            |w| {
                let node = TypeId(w.next_id().0 + 1);
                let pointer = w.pointer(node);
                w.structure("node", 8, &[("next", pointer, 0)])
            },
            "struct node {\n\tstruct node *next;\n};\n\n",
        ),
        (
            "a typedef comes before what uses it",
            |w| {
                let int = int(w);
                let t = TypeId(w.next_id().0 + 1);
                w.structure("s", 4, &[("a", t, 0)]);
                w.typedef("t", int)
            },
            "typedef int t;\n\nstruct s {\n\tt a;\n};\n\n",
        ),
        (
            "a typedef in the struct that it names",
            |w| {
                let s = TypeId(w.next_id().0 + 2);
                let t = w.typedef("t", s);
                let pointer = w.pointer(t);
                w.structure("s", 8, &[("t", pointer, 0)])
            },
            "struct s;\n\ntypedef struct s t;\n\nstruct s {\n\tt *t;\n};\n\n",
        ),
        (
            "enums come first",
            |w| {
                w.structure("s", 0, &[]);
                enumeration(w, "e", 4, &[("A", 0)])
            },
            "enum e {\n\tA = 0,\n};\n\nstruct s {};\n\n",
        ),
        (
            "what the compiler has is left out",
            |w| {
                let list = w.structure("__va_list_tag", 0, &[]);
                let list = w.typedef("__builtin_va_list", list);
                w.typedef("va_list", list)
            },
            "struct __va_list_tag {};\n\ntypedef __builtin_va_list va_list;\n\n",
        ),
        (
            "and what old versions of gcc lose is put right",
            |w| w.typedef("__gnuc_va_list", TypeId::VOID),
            "typedef __builtin_va_list __gnuc_va_list;\n\n",
        ),
        (
            "vectors of gcc's for ARM",
            |w| {
                for name in ["a", "b"] {
                    let poly = w.unsigned("__Poly8_t", 1);
                    w.typedef(name, poly);
                }
                TypeId::VOID
            },
            "typedef unsigned char __Poly8_t;\n\ntypedef __Poly8_t a;\n\ntypedef __Poly8_t b;\n\n",
        ),
    ];
    check(rows, all_defined);
}

#[test]
fn names() {
    let rows: &[(&str, Make, &str)] = &[
        (
            "the second of a name has a number",
            |w| {
                w.structure("s", 0, &[]);
                w.structure("s", 0, &[])
            },
            "struct s___2 x",
        ),
        (
            "the first one has none, whatever is printed before",
            |w| {
                let s = w.structure("s", 0, &[]);
                w.union("s", 0, &[]);
                s
            },
            "struct s x",
        ),
        (
            "a declaration is of any of them",
            |w| {
                w.structure("s", 0, &[]);
                w.structure("s", 0, &[]);
                w.forward("s", false)
            },
            "struct s x",
        ),
        (
            "tags and typedefs are two",
            |w| {
                let s = w.structure("s", 0, &[]);
                w.typedef("s", s)
            },
            "s x",
        ),
        (
            "values in what is written out twice",
            |w| {
                let e = enumeration(w, "", 4, &[("A", 0)]);
                w.structure("", 8, &[("a", e, 0), ("b", e, 4)])
            },
            "struct {\n\tenum {\n\t\tA = 0,\n\t} a;\n\tenum {\n\t\tA___2 = 0,\n\t} b;\n} x",
        ),
    ];
    check(rows, declared);
}

/// A split BTF's types are told apart from those of its base, which keep their names.
#[test]
fn names_of_a_split() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let first = writer.structure("s", 0, &[]);
    let base = Btf::parse(&writer.finish()).unwrap();
    let mut writer = BtfWriter::split(&base);
    let second = writer.structure("s", 0, &[]);
    let third = writer.structure("s", 0, &[]);
    let other = writer.structure("t", 0, &[]);
    let split = Btf::parse_split(&writer.finish(), &base).unwrap();
    let printer = CPrinter::new(&split);
    for (id, name) in [
        (first, "struct s"),
        (second, "struct s___2"),
        (third, "struct s___3"),
        (other, "struct t"),
    ] {
        assert_eq!(printer.declare(id, "").unwrap(), name);
    }
}

/// Values are told apart from each other and from typedefs that share a name, in the order in which they
/// are written.
#[test]
fn names_of_values() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = int(&mut writer);
    for name in ["t", "t"] {
        writer.typedef(name, int);
    }
    enumeration(&mut writer, "e", 4, &[("A", 0), ("t", 1)]);
    enumeration(&mut writer, "f", 4, &[("A", 0)]);
    let btf = Btf::parse(&writer.finish()).unwrap();
    let text = CPrinter::new(&btf).definitions().define_all().unwrap();
    for line in [
        "\tA = 0,",
        "\tA___2 = 0,",
        "\tt___3 = 1,",
        "typedef int t___2;",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}: {text}");
    }
}

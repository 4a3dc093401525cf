//! What is refused: a BTF that was made to hurt, and not by a compiler.

use libbpf_rs::libbpf_sys;

use super::*;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;

const PTR: u32 = libbpf_sys::BTF_KIND_PTR << 24;

fn declare_all(writer: BtfWriter) -> Result<(), DumpError> {
    let btf = Btf::parse(&writer.finish()).unwrap();
    let printer = CPrinter::new(&btf);
    btf.ids_from(TypeId(1))
        .try_for_each(|id| printer.declare(id, "x").map(drop))
}

fn define_all(writer: BtfWriter) -> Result<String, DumpError> {
    let btf = Btf::parse(&writer.finish()).unwrap();
    CPrinter::new(&btf).definitions().define_all()
}

#[test]
fn a_pointer_to_itself() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    writer.raw(&[0, PTR, 1]);
    assert!(matches!(
        declare_all(writer),
        Err(DumpError::Nesting(TypeId(1)))
    ));
}

#[test]
fn a_chain_of_pointers_too_long() {
    let chain = || {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        for id in 1..2_000 {
            writer.raw(&[0, PTR, id - 1]);
        }
        writer
    };
    assert!(matches!(declare_all(chain()), Err(DumpError::Nesting(_))));
    assert!(define_all(chain()).is_ok());
}

#[test]
fn a_struct_inside_itself() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    writer.structure("s", 8, &[("s", TypeId(1), 0)]);
    assert!(matches!(
        define_all(writer),
        Err(DumpError::Nesting(TypeId(1)))
    ));
}

/// Nothing but a name is printed of the struct, but its alignment is looked at.
#[test]
fn a_struct_inside_itself_inside_a_declaration() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    writer.structure("s", 8, &[("s", TypeId(1), 0)]);
    writer.structure("", 8, &[("s", TypeId(1), 0)]);
    assert!(declare_all(writer).is_err());
}

/// Prototypes that each take the one before twice, and unions that each hold the one before twice.
#[test]
fn what_doubles_is_too_much() {
    let prototypes = || {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let mut id = writer.unsigned("int", 4);
        for _ in 0..40 {
            let proto = writer.prototype(&[("", id), ("", id)], id);
            id = writer.pointer(proto);
        }
        writer
    };
    let unions = || {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let mut id = writer.unsigned("int", 4);
        for _ in 0..40 {
            id = writer.union("", 4, &[("a", id), ("b", id)]);
        }
        writer.structure("s", 4, &[("u", id, 0)]);
        writer
    };
    assert!(matches!(
        declare_all(prototypes()),
        Err(DumpError::TooMuch(_))
    ));
    assert!(matches!(declare_all(unions()), Err(DumpError::TooMuch(_))));
    assert!(matches!(define_all(unions()), Err(DumpError::TooMuch(_))));
    let mut writer = prototypes();
    let last = TypeId(writer.next_id().0 - 1);
    writer.typedef("t", last);
    assert!(matches!(define_all(writer), Err(DumpError::TooMuch(_))));
}

#[test]
fn gaps_are_not_endless() {
    for (size, offset, fine) in [
        (8, 4, true),
        (0x1_0000, 0x8000, true),
        (0x0fff_ffff, 0, false),
        (u32::MAX, 0, false),
        (8, 0x0fff_fff0, false),
    ] {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("int", 4);
        writer.structure("s", size, &[("a", int, offset)]);
        let checked = define_all(writer);
        assert_eq!(checked.is_ok(), fine, "{size} {offset}");
    }
}

#[test]
fn members_have_an_alignment() {
    for (kind, fine) in [
        (libbpf_sys::BTF_KIND_PTR, true),
        (libbpf_sys::BTF_KIND_FWD, false),
        (libbpf_sys::BTF_KIND_TYPEDEF, false),
    ] {
        let mut writer = BtfWriter::new(ByteOrder::HOST);
        let int = writer.unsigned("int", 4);
        let name = writer.string("t");
        // A pointer to nothing, a declaration, another name of nothing.
        let ty = writer.raw(&[name, kind << 24, 0]);
        let array = writer.array(ty, int, 2);
        writer.structure("s", 24, &[("a", int, 0), ("b", array, 8)]);
        let defined = define_all(writer);
        assert_eq!(defined.is_ok(), fine, "{kind}");
        assert!(fine || matches!(defined, Err(DumpError::Layout(TypeId(4)))));
    }
}

#[test]
fn numbers_have_a_size() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.unsigned("int", 0);
    writer.structure("s", 8, &[("a", int, 4)]);
    assert!(matches!(
        define_all(writer),
        Err(DumpError::Layout(TypeId(1)))
    ));
}

#[test]
fn functions_and_variables_are_no_types() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let proto = writer.prototype(&[], TypeId::VOID);
    let function = writer.function("f", proto);
    writer.pointer(function);
    assert!(matches!(
        declare_all(writer),
        Err(DumpError::NoType(TypeId(2)))
    ));
    let btf = Btf::parse(&BtfWriter::new(ByteOrder::HOST).finish()).unwrap();
    let beyond = CPrinter::new(&btf).declare(TypeId(7), "x");
    assert!(matches!(beyond, Err(DumpError::NoType(TypeId(7)))));
}

/// What failed is as if it had not been asked for.
#[test]
fn an_error_leaves_the_others_as_they_are() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.unsigned("int", 4);
    let fine = writer.structure("fine", 4, &[("a", int, 0)]);
    let next = writer.next_id();
    let circle = writer.structure("circle", 8, &[("f", fine, 0), ("c", next, 4)]);
    let btf = Btf::parse(&writer.finish()).unwrap();
    let mut definitions = CPrinter::new(&btf).definitions();
    for _ in 0..2 {
        let error = definitions.define(circle).unwrap_err();
        assert!(matches!(error, DumpError::Nesting(_)), "{error}");
    }
    let text = definitions.define(fine).unwrap();
    assert_eq!(text, "struct fine {\n\tint a;\n};\n\n");
    assert_eq!(definitions.define(fine).unwrap(), "");
}

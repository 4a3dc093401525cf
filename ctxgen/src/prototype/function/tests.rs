//! Kernels by hand: kfuncs with implicit arguments, and arguments in arenas.

use libbpf_rs::libbpf_sys;

use crate::Context;
use crate::Shape;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;
use crate::btf::TypeId;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;

fn type_tag(writer: &mut BtfWriter, name: &str, of: TypeId) -> TypeId {
    let name = writer.string(name);
    let kind_flag = 1 << 31;
    writer.raw(&[name, kind_flag | libbpf_sys::BTF_KIND_TYPE_TAG << 24, of.0])
}

fn kfunc(writer: &mut BtfWriter, func: TypeId) {
    let name = writer.string("bpf_kfunc");
    let whole = u32::MAX;
    writer.raw(&[name, libbpf_sys::BTF_KIND_DECL_TAG << 24, func.0, whole]);
}

fn kernel(writer: BtfWriter) -> KernelBtf {
    let origin = Origin::Memory("test".to_owned());
    KernelBtf::from_bytes(&writer.finish(), origin).unwrap()
}

/// Names and remarks of a context's fields.
fn fields(kernel: &KernelBtf, hook: &str) -> Vec<(String, String)> {
    let context = Context::of_hook(kernel, &hook.parse().unwrap()).unwrap();
    let Shape::Generated { layout, .. } = context.shape else {
        panic!("{hook}");
    };
    let fields = layout.fields.into_iter();
    fields.map(|field| (field.name, field.remark)).collect()
}

fn names(kernel: &KernelBtf, hook: &str) -> Vec<String> {
    let fields = fields(kernel, hook);
    fields.into_iter().map(|(name, _)| name).collect()
}

/// The types of callers and of the function differ in tags, in what they return too.
#[test]
fn twins_differ_in_tags() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.int("int", 4, IntEncoding::Signed);
    let long = writer.int("long", 8, IntEncoding::Signed);
    let aux = writer.forward("bpf_prog_aux", false);
    let aux = writer.pointer(aux);
    let ids = writer.constant(int);
    let in_arena = type_tag(&mut writer, "address_space(1)", ids);
    let (in_arena, plain) = (writer.pointer(in_arena), writer.pointer(ids));
    let of_longs = writer.pointer(long);
    let mut twins = |name: &str, called: TypeId, own: TypeId| {
        let proto = writer.prototype(&[("ids__arena", called), ("count", int)], called);
        let func = writer.function(name, proto);
        kfunc(&mut writer, func);
        let params = [("ids__arena", own), ("count", int), ("aux", aux)];
        let proto = writer.prototype(&params, own);
        writer.function(&format!("{name}_impl"), proto);
    };
    twins("twins", in_arena, plain);
    twins("strangers", of_longs, plain);
    let kernel = kernel(writer);
    assert_eq!(
        names(&kernel, "fexit/twins"),
        ["ids", "count", "aux", "ret"]
    );
    assert_eq!(names(&kernel, "fexit/strangers"), ["ids", "count", "ret"]);
    // A program that traces the call needs no arena.
    let fields = fields(&kernel, "fentry/twins");
    assert_eq!(fields[0], ("ids".to_owned(), String::new()));
}

#[test]
fn members_in_arenas() {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.int("int", 4, IntEncoding::Signed);
    let mask = writer.forward("mask", false);
    let in_arena = type_tag(&mut writer, "address_space(1)", mask);
    let (in_arena, plain) = (writer.pointer(in_arena), writer.pointer(mask));
    let params = [("", int), ("", in_arena), ("", in_arena)];
    let member = writer.prototype(&params, TypeId::VOID);
    let member = writer.pointer(member);
    let ops = writer.structure("some_ops", 8, &[("set", member, 0)]);
    let wrapper = [("common", int, 0), ("data", ops, 64)];
    writer.structure("bpf_struct_ops_some_ops", 128, &wrapper);
    let stub = [
        ("cpu", int),
        ("mask__arena", plain),
        ("old__arena__nullable", plain),
    ];
    let stub = writer.prototype(&stub, TypeId::VOID);
    writer.function("some_ops__set", stub);
    let kernel = kernel(writer);
    let arena = "in the program's arena: only programs with an arena map load";
    assert_eq!(
        fields(&kernel, "struct_ops/some_ops/set"),
        [
            ("cpu".to_owned(), String::new()),
            ("mask".to_owned(), arena.to_owned()),
            ("old".to_owned(), format!("{arena}; may be NULL")),
        ]
    );
}

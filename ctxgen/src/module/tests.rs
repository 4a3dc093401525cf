//! Modules on a kernel, both made by hand.

use libbpf_rs::libbpf_sys;

use super::*;
use crate::KernelBtf;
use crate::KernelError;
use crate::Origin;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::CPrinter;
use crate::btf::Kind;

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

const TYPEDEF: u32 = libbpf_sys::BTF_KIND_TYPEDEF << 24;

/// `struct sk_buff { unsigned int len; }`, `u32`, and `int netif_rx(struct sk_buff *skb)`.
fn vmlinux(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    let int = writer.unsigned("unsigned int", 4);
    let skb = writer.structure("sk_buff", 4, &[("len", int, 0)]);
    writer.typedef("u32", int);
    let skb = writer.pointer(skb);
    function(&mut writer, "netif_rx", &[("skb", skb)], int);
    writer.finish()
}

fn function(writer: &mut BtfWriter, name: &str, params: &[(&str, TypeId)], ret: TypeId) {
    let proto = writer.prototype(params, ret);
    writer.function(name, proto);
}

fn kernel(order: ByteOrder) -> KernelBtf {
    KernelBtf::from_bytes(&vmlinux(order), Origin::Memory("vmlinux".to_owned())).unwrap()
}

/// A module with a struct of its own, `struct <name>_conn { struct sk_buff skb; u32 mark; }`, a
/// typedef that the kernel has, and `unsigned int <name>_in(struct <name>_conn conn, u32 mark)`.
fn module(order: ByteOrder, name: &str) -> Vec<u8> {
    let base = vmlinux(order);
    let base = Btf::parse(&base).unwrap();
    let id = |name: &str| base.types().find(|ty| ty.name() == name).unwrap().id();
    let mut writer = BtfWriter::split(&base);
    // In a kernel's module the name is the kernel's, too.
    let u32_name = base.get(id("u32")).unwrap().name_and_info().0;
    let again = writer.raw(&[u32_name, TYPEDEF, id("unsigned int").0]);
    let conn = writer.structure(
        &format!("{name}_conn"),
        8,
        &[("skb", id("sk_buff"), 0), ("mark", again, 4)],
    );
    let shared = writer.structure("shared", 4, &[("mark", again, 0)]);
    let params = [("conn", conn), ("shared", shared), ("mark", again)];
    let ret = id("unsigned int");
    function(&mut writer, &format!("{name}_in"), &params, ret);
    writer.finish()
}

fn error(kernel: KernelBtf, name: &str, bytes: &[u8]) -> String {
    let error = kernel.with_module(name, bytes).unwrap_err();
    assert!(matches!(error, KernelError::Module { .. }), "{error}");
    error.to_string()
}

#[test]
fn two_modules_continue_what_is_there() {
    for order in ORDERS {
        let alone = kernel(order).btf().type_count();
        let kernel = kernel(order)
            .with_module("one", &module(order, "one"))
            .unwrap()
            .with_module("two", &module(order, "two"))
            .unwrap();
        assert_eq!(
            kernel.origin().to_string(),
            "vmlinux with one, two",
            "{order}"
        );
        let text = CPrinter::new(kernel.btf())
            .definitions()
            .define_all()
            .unwrap();
        // Each once, and under its own name: `u32` is the kernel's, `shared` that of the first.
        for (definition, count) in [
            ("typedef unsigned int u32;", 1),
            ("struct shared {", 1),
            ("struct one_conn {", 1),
            ("struct two_conn {", 1),
            ("___", 0),
        ] {
            assert_eq!(text.matches(definition).count(), count, "{order}: {text}");
        }
        for name in ["one", "two"] {
            let func = format!("{name}_in");
            let func = kernel.btf().types().find(|ty| ty.name() == func).unwrap();
            let module = kernel.module_of(func.id()).unwrap();
            assert_eq!(module.name(), name);
            let Kind::Func(proto) = func.kind() else {
                panic!("no function");
            };
            let text = CPrinter::new(kernel.btf()).declare(proto, "f");
            let expected =
                format!("unsigned int f(struct {name}_conn conn, struct shared shared, u32 mark)");
            assert_eq!(text.unwrap().trim(), expected, "{order}");
        }
        for id in kernel.btf().ids_from(TypeId(0)) {
            assert_eq!(kernel.module_of(id).is_none(), id.0 < alone, "{id}");
        }
    }
}

#[test]
fn the_order_of_modules_makes_no_difference_to_what_they_have() {
    let order = ByteOrder::HOST;
    let with = |names: [&str; 2]| {
        names.into_iter().fold(kernel(order), |kernel, name| {
            kernel.with_module(name, &module(order, name)).unwrap()
        })
    };
    let text = |kernel: KernelBtf| {
        let text = CPrinter::new(kernel.btf())
            .definitions()
            .define_all()
            .unwrap();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(text(with(["one", "two"])), text(with(["two", "one"])));
}

#[test]
fn what_differs_stays() {
    let order = ByteOrder::HOST;
    let base = vmlinux(order);
    let base = Btf::parse(&base).unwrap();
    let mut writer = BtfWriter::split(&base);
    let name = base.get(TypeId(2)).unwrap().name_and_info().0;
    let int = writer.unsigned("int", 4);
    let len = writer.string("len");
    let kind = libbpf_sys::BTF_KIND_STRUCT << 24 | 1;
    writer.raw(&[name, kind, 4, len, int.0, 0]);
    let kernel = kernel(order).with_module("m", &writer.finish()).unwrap();
    let names = |ty: &crate::btf::Type<'_>| ty.name() == "sk_buff";
    assert_eq!(kernel.btf().types().filter(names).count(), 2);
}

/// `struct node { struct node *next; }` in both.
#[test]
fn circles_are_equal() {
    for order in ORDERS {
        let mut writer = BtfWriter::new(order);
        writer.structure("node", 8, &[("next", TypeId(2), 0)]);
        writer.pointer(TypeId(1));
        let vmlinux = writer.finish();
        let base = Btf::parse(&vmlinux).unwrap();
        let mut writer = BtfWriter::split(&base);
        let [name, .., next, _, _] = base.get(TypeId(1)).unwrap().words()[..] else {
            panic!("no struct with a member");
        };
        let kind = libbpf_sys::BTF_KIND_STRUCT << 24 | 1;
        writer.raw(&[name, kind, 8, next, 4, 0]);
        writer.pointer(TypeId(3));
        let module = writer.finish();
        let kernel = KernelBtf::from_bytes(&vmlinux, Origin::Memory("vmlinux".to_owned()));
        let kernel = kernel.unwrap().with_module("m", &module).unwrap();
        assert_eq!(kernel.btf().type_count(), base.type_count());
    }
}

#[test]
fn a_module_of_another_kernel() {
    let order = ByteOrder::HOST;
    let module = module(order, "m");
    let other = |change: fn(&mut BtfWriter)| {
        let mut writer = BtfWriter::new(order);
        change(&mut writer);
        let int = writer.unsigned("unsigned int", 4);
        writer.structure("sk_buff", 4, &[("len", int, 0)]);
        for name in ["one", "two", "three", "four"] {
            function(&mut writer, name, &[], int);
        }
        let blob = writer.finish();
        KernelBtf::from_bytes(&blob, Origin::Memory("another".to_owned())).unwrap()
    };
    let plain = error(other(|_| ()), "m", &module);
    assert!(
        plain.starts_with("the module m cannot be used with another: "),
        "{plain}"
    );
    assert!(plain.contains("the very same build"), "{plain}");
    // Smaller than the real one.
    let small = KernelBtf::from_bytes(
        &BtfWriter::new(order).finish(),
        Origin::Memory("small".to_owned()),
    );
    let small = error(small.unwrap(), "m", &module);
    assert!(small.contains("the very same build"), "{small}");
}

#[test]
fn what_is_no_module() {
    let order = ByteOrder::HOST;
    let [other] = ORDERS
        .into_iter()
        .filter(|o| *o != order)
        .collect::<Vec<_>>()[..]
    else {
        panic!("there are two orders");
    };
    let module = module(order, "m");
    for (name, bytes, says) in [
        ("m", vmlinux(order), "is complete by itself"),
        ("m", self::module(other, "m"), "and the kernel is"),
        ("m", b"\x7fELF".to_vec(), "BTF magic"),
        ("m", Vec::new(), "cut short"),
        ("a/b", module.clone(), "is not a module name"),
        ("", module.clone(), "is not a module name"),
    ] {
        let error = error(kernel(order), name, &bytes);
        assert!(error.contains(says), "{error}");
    }
    let once = kernel(order).with_module("a-b", &module).unwrap();
    assert_eq!(once.modules()[0].name(), "a_b");
    assert!(error(once, "a_b", &module).contains("was given already"));
}

#[test]
fn a_module_is_no_kernel() {
    for order in ORDERS {
        let origin = Origin::Memory("nf_conntrack".to_owned());
        let error = KernelBtf::from_bytes(&module(order, "m"), origin).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains("it is the BTF of a kernel module"),
            "{error}"
        );
    }
}

#[test]
fn every_truncation_is_an_error() {
    let order = ByteOrder::HOST;
    let module = module(order, "m");
    for len in 0..module.len() {
        error(kernel(order), "m", &module[..len]);
    }
}

#[test]
fn every_changed_byte_ends() {
    for order in ORDERS {
        let mut module = module(order, "m");
        for at in 0..module.len() {
            for value in [0, 1, 0x7f, 0xff] {
                let was = std::mem::replace(&mut module[at], value);
                let _ = kernel(order).with_module("m", &module);
                module[at] = was;
            }
        }
    }
}

/// Structs that are alike but for the last of a long chain, each with each.
#[test]
fn bytes_made_to_take_forever() {
    let order = ByteOrder::HOST;
    let chain =
        |writer: &mut BtfWriter, last: u32, names: &mut dyn FnMut(&mut BtfWriter) -> u32| {
            let name = names(writer);
            let mut to = last;
            for _ in 0..3_000 {
                to = writer.raw(&[name, TYPEDEF, to]).0;
            }
        };
    let mut writer = BtfWriter::new(order);
    let int = writer.unsigned("unsigned int", 4);
    chain(&mut writer, int.0, &mut |writer| writer.string("t"));
    let vmlinux = writer.finish();
    let base = Btf::parse(&vmlinux).unwrap();
    let name = base.get(TypeId(2)).unwrap().name_and_info().0;
    let mut writer = BtfWriter::split(&base);
    chain(&mut writer, 0, &mut |_| name);
    let module = writer.finish();
    let kernel = KernelBtf::from_bytes(&vmlinux, Origin::Memory("vmlinux".to_owned()));
    let start = std::time::Instant::now();
    kernel.unwrap().with_module("m", &module).unwrap();
    let took = start.elapsed();
    assert!(took.as_secs() < 300, "{took:?}");
}

/// What `bpftool btf dump -B` calls base and split, and `.BTF.base` the part between them.
#[test]
fn a_module_that_brings_its_own_base() {
    for order in ORDERS {
        let vmlinux = vmlinux(order);
        let mut writer = BtfWriter::new(order);
        writer.structure("sk_buff", 4, &[]);
        let base = writer.finish();
        let distilled = Btf::parse(&base).unwrap();
        let mut writer = BtfWriter::split(&distilled);
        let skb = writer.pointer(TypeId(1));
        function(&mut writer, "vendor_rx", &[("skb", skb)], TypeId::VOID);
        let module = writer.finish();
        let add = |vmlinux: &[u8], base: &[u8]| {
            let origin = Origin::Memory("vmlinux".to_owned());
            let mut kernel = KernelBtf::from_bytes(vmlinux, origin).unwrap();
            kernel.add_module("vendor", &module, Some(base))?;
            Ok::<_, ModuleError>(kernel)
        };
        let kernel = add(&vmlinux, &base).unwrap();
        let func = kernel.btf().types().find(|ty| ty.name() == "vendor_rx");
        let Kind::Func(proto) = func.unwrap().kind() else {
            panic!("no function");
        };
        let text = CPrinter::new(kernel.btf()).declare(proto, "f");
        assert_eq!(text.unwrap().trim(), "void f(struct sk_buff *skb)");
        // Its pointer is that of the kernel.
        assert!(
            CPrinter::new(kernel.btf())
                .definitions()
                .define_all()
                .is_ok()
        );

        let empty = BtfWriter::new(order).finish();
        let error = add(&empty, &base).unwrap_err().to_string();
        assert!(error.contains(".BTF.base"), "{error}");
        for len in 0..base.len() {
            assert!(add(&vmlinux, &base[..len]).is_err(), "{len}");
        }
        let mut base = base;
        for at in 0..base.len() {
            for value in [0, 1, 2, 0x7f, 0xff] {
                let was = std::mem::replace(&mut base[at], value);
                let _ = add(&vmlinux, &base);
                base[at] = was;
            }
        }
    }
}

/// libbpf would follow those for ever, or hold each of many against each of many.
#[test]
fn what_relocation_would_not_survive() {
    let vmlinux = vmlinux(ByteOrder::HOST);
    let vmlinux = Btf::parse(&vmlinux).unwrap();
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    writer.structure("sk_buff", 4, &[]);
    let base = writer.finish();
    let distilled = Btf::parse(&base).unwrap();
    for (first, second) in [(3, 2), (2, 2), (3, 3)] {
        let mut writer = BtfWriter::split(&distilled);
        let name = writer.string("t");
        writer.raw(&[name, TYPEDEF, first]);
        writer.constant(TypeId(second));
        writer.structure("s", 4, &[("a", TypeId(2), 0), ("b", TypeId(3), 0)]);
        let module = writer.finish();
        let error = relocate::relocate(&module, &base, &vmlinux).unwrap_err();
        assert!(matches!(error, ModuleError::Circle(_)), "{error}");
    }
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    for _ in 0..1000 {
        writer.structure("sk_buff", 4, &[]);
    }
    let many = writer.finish();
    let error = relocate::relocate(&base, &many, &vmlinux).unwrap_err();
    assert!(matches!(error, ModuleError::Namesakes(_)), "{error}");
}

/// The relocation is libbpf's: it gets nothing that it has not checked itself.
#[test]
fn every_changed_byte_of_a_module_with_its_own_base_ends() {
    for order in ORDERS {
        let vmlinux = vmlinux(order);
        let mut writer = BtfWriter::new(order);
        writer.structure("sk_buff", 4, &[]);
        writer.unsigned("unsigned int", 4);
        let base = writer.finish();
        let distilled = Btf::parse(&base).unwrap();
        let mut writer = BtfWriter::split(&distilled);
        let skb = writer.pointer(TypeId(1));
        writer.structure("own", 16, &[("skb", skb, 0), ("n", TypeId(2), 8)]);
        writer.array(TypeId(2), TypeId(2), 4);
        function(&mut writer, "vendor_rx", &[("skb", skb)], TypeId(2));
        let mut module = writer.finish();
        let vmlinux = Btf::parse(&vmlinux).unwrap();
        assert!(relocate::relocate(&module, &base, &vmlinux).is_ok());
        for at in 0..module.len() {
            for value in [0, 1, 2, 3, 7, 0x7f, 0xff] {
                let was = std::mem::replace(&mut module[at], value);
                let _ = relocate::relocate(&module, &base, &vmlinux);
                module[at] = was;
            }
        }
    }
}

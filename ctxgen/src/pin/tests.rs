//! What is kept, and how much of it.

use libbpf_rs::libbpf_sys;

use super::*;
use crate::NotPinned;
use crate::PrototypeError;
use crate::RenderError;
use crate::btf::Btf;
use crate::btf::ByteOrder;
use crate::btf::Type;
use crate::kernel::Origin;
use crate::render;

const ENUM: u32 = libbpf_sys::BTF_KIND_ENUM << 24;
const UNION: u32 = libbpf_sys::BTF_KIND_UNION << 24;

fn kernel(writer: BtfWriter) -> KernelBtf {
    KernelBtf::from_bytes(&writer.finish(), Origin::Memory("test".into())).unwrap()
}

/// A kernel with two LSM hooks, two structs of one name, and an enum that a prototype alone uses.
fn sample(order: ByteOrder) -> KernelBtf {
    let mut writer = BtfWriter::new(order);
    let int = writer.int("int", 4, crate::btf::IntEncoding::Signed);
    let file = writer.structure("file", 8, &[("flags", int, 0)]);
    let other = writer.structure("file", 4, &[("other", int, 0)]);
    let other = writer.pointer(other);
    writer.structure("user", 8, &[("file", other, 0)]);
    let value = writer.string("VALUE");
    let nameless = writer.raw(&[0, ENUM | 1, 4, value, 7]);
    writer.prototype(&[("how", nameless)], int);
    let file = writer.pointer(file);
    let open = writer.prototype(&[("file", file)], int);
    for name in ["bpf_lsm_file_open", "bpf_lsm_file_lock"] {
        writer.function(name, open);
    }
    let open = writer.pointer(open);
    let [hooks, first, second] =
        ["security_list_options", "file_open", "file_lock"].map(|name| writer.string(name));
    writer.raw(&[hooks, UNION | 2, 8, first, open.0, 0, second, open.0, 0]);
    kernel(writer)
}

fn pinned(kernel: &KernelBtf, hooks: &[&str], source: &str) -> KernelBtf {
    let hooks: Vec<Hook> = hooks.iter().map(|hook| hook.parse().unwrap()).collect();
    let mut names = Names::new();
    names.add_preprocessed(source, &[]);
    let pin = pin(kernel, &hooks, &names).unwrap();
    assert_eq!(super::pin(kernel, &hooks, &names).unwrap().btf, pin.btf);
    KernelBtf::from_bytes(&pin.btf, Origin::Memory("pinned".into())).unwrap()
}

fn header(kernel: &KernelBtf, source: &str) -> Result<String, RenderError> {
    let mut names = Names::new();
    names.add_preprocessed(source, &[]);
    render::vmlinux_for(kernel, &names)
}

fn names(btf: &Btf<'_>) -> Vec<String> {
    let names = btf.types().map(|ty| ty.name().to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn of_a_hook_what_it_passes_is_hollow() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let full = sample(order);
        let pinned = pinned(&full, &["lsm/file_open"], "");
        assert_eq!(pinned.byte_order(), order);
        assert_eq!(
            names(pinned.btf()),
            [
                "int",
                "file",
                "file",
                "bpf_lsm_file_open",
                "security_list_options",
                PARTIAL
            ]
        );
        let hollow = pinned.btf().types().filter(Type::is_hollow);
        assert_eq!(hollow.map(|ty| ty.name()).collect::<Vec<_>>(), ["file"; 2]);
        let hook = "lsm/file_open".parse().unwrap();
        assert!(Context::of_hook(&pinned, &hook).is_ok());
        let hook = "lsm/file_lock".parse().unwrap();
        let error = Context::of_hook(&pinned, &hook).unwrap_err();
        assert!(
            matches!(error, PrototypeError::UnknownHook { .. }),
            "{error}"
        );
    }
}

#[test]
fn what_is_not_whole_is_said() {
    let pinned = pinned(&sample(ByteOrder::HOST), &["lsm/file_open"], "");
    for (source, missing) in [
        ("struct file *a;", "struct file"),
        (
            "union security_list_options *a;",
            "union security_list_options",
        ),
    ] {
        let error = header(&pinned, source).unwrap_err();
        let RenderError::NotPinned(NotPinned { types, .. }) = &error else {
            panic!("{error}");
        };
        assert_eq!(*types, [missing]);
    }
    let all = render::vmlinux(&pinned).unwrap();
    assert!(!all.contains("struct file {"), "{all}");
    assert!(!all.contains("security_list_options {"), "{all}");
}

#[test]
fn sources_see_the_same() {
    let full = sample(ByteOrder::HOST);
    for source in [
        "struct user *a;",
        "int a(struct user *b) { return b->file->other; }",
        "struct file *a;",
        "struct file___2 *a;",
        // That something uses it is why it is not written out.
        "int a = VALUE;",
        "union security_list_options *a;",
    ] {
        let small = pinned(&full, &[], source);
        assert_eq!(
            header(&small, source).unwrap(),
            header(&full, source).unwrap(),
            "{source}"
        );
    }
}

/// A kernel with an event that may be of two classes.
fn with_event() -> BtfWriter {
    let mut writer = BtfWriter::new(ByteOrder::HOST);
    let int = writer.int("int", 4, crate::btf::IntEncoding::Signed);
    let char = writer.int("char", 1, crate::btf::IntEncoding::Signed);
    writer.unsigned("unsigned char", 1);
    let short = writer.unsigned("unsigned short", 2);
    let void = writer.pointer(TypeId::VOID);
    writer.structure("unrelated", 4, &[("x", int, 0)]);
    let proto = writer.prototype(&[("__data", void), ("value", int)], TypeId::VOID);
    let pointer = writer.pointer(proto);
    writer.typedef("btf_trace_event", pointer);
    writer.function("__probestub_event", proto);
    let entry = writer.structure("trace_entry", 8, &[("type", short, 0)]);
    let comm = writer.array(char, int, 4);
    for (class, field) in [("one", "a"), ("two", "b")] {
        writer.function(&format!("trace_event_raw_event_{class}"), proto);
        let members = [
            ("ent", entry, 0),
            (field, comm, 8),
            ("__data_loc_name", int, 12),
        ];
        writer.structure(&format!("trace_event_raw_{class}"), 16, &members);
    }
    writer
}

#[test]
fn of_a_trace_event_what_has_settled_it_is_kept() {
    const FORMAT: &str = "name: event\nformat:\n\
        field:char b[4];offset:8;size:4;signed:1;\n\
        field:__data_loc char[] name;offset:12;size:4;signed:1;\n";
    let full = kernel(with_event());
    let hook = "tp/category/event";
    let error = Context::of_hook(&full, &hook.parse().unwrap()).unwrap_err();
    assert!(
        matches!(error, PrototypeError::AmbiguousEvent { .. }),
        "{error}"
    );

    let full = full.with_format("category", FORMAT).unwrap();
    let of_struct = "btf_tp_category_event_ctx";
    let small = pinned(&full, &[of_struct], "");
    let again = pinned(&small, &[hook], "");
    for hook in [hook, of_struct] {
        let header = |kernel: &KernelBtf| {
            let context = Context::of_hook(kernel, &hook.parse().unwrap()).unwrap();
            let ctx = crate::CtxBtf::new(kernel, [context]).unwrap();
            render::header(&ctx).unwrap()
        };
        let whole = header(&full);
        assert!(whole.contains("char b[4];"), "{whole}");
        assert!(whole.contains("where char[] is: use ctx_data()"), "{whole}");
        assert_eq!(header(&small), whole);
        assert_eq!(header(&again), whole);
    }
    let names = names(small.btf());
    assert!(!names.iter().any(|name| name == "unrelated"), "{names:?}");
}

/// A kernel with two ops types, whose stubs and implementations name their members' arguments.
fn with_ops(order: ByteOrder) -> KernelBtf {
    let mut writer = BtfWriter::new(order);
    let int = writer.int("int", 4, crate::btf::IntEncoding::Signed);
    let pair = writer.structure("pair", 8, &[("a", int, 0), ("b", int, 4)]);
    let player = writer.structure("player", 4, &[("id", int, 0)]);
    let player = writer.pointer(player);
    let open = writer.prototype(&[("", player), ("", pair)], int);
    let close = writer.prototype(&[("", player)], TypeId::VOID);
    let common = writer.structure("bpf_struct_ops_common_value", 4, &[("refcnt", int, 0)]);
    for (ops, wrapper) in [
        ("game_ops", "bpf_struct_ops_game_ops"),
        ("other_ops", "bpf_struct_ops_other_ops"),
    ] {
        let pointers = [writer.pointer(open), writer.pointer(close)];
        let members = [("open", pointers[0], 0), ("close", pointers[1], 8)];
        let ops = writer.structure(ops, 16, &members);
        writer.structure(wrapper, 128, &[("common", common, 0), ("data", ops, 64)]);
    }
    for (name, params, ret) in [
        ("game_ops__open", &["player__nullable", "score"][..], int),
        ("any_open", &["x", "y"], int),
        ("chess_close", &["player"], TypeId::VOID),
        ("go_close", &["player"], TypeId::VOID),
        ("int_close", &["player"], int),
        ("unrelated", &["player"], TypeId::VOID),
    ] {
        let types = [player, pair];
        let params: Vec<_> = params.iter().copied().zip(types).collect();
        let proto = writer.prototype(&params, ret);
        writer.function(name, proto);
    }
    kernel(writer)
}

#[test]
fn of_a_member_the_ops_type_and_what_names_its_arguments() {
    let names_of = |kernel: &KernelBtf| -> Vec<String> {
        let functions = kernel.btf().types();
        let functions = functions.filter(|ty| matches!(ty.kind(), Kind::Func(_)));
        functions.map(|ty| ty.name().to_owned()).collect()
    };
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let full = with_ops(order);
        for (name, functions) in [
            (
                "struct_ops/game_ops/open",
                &["game_ops__open", "any_open"][..],
            ),
            (
                "btf_struct_ops_game_ops_close_ctx",
                &["chess_close", "go_close"],
            ),
            ("struct_ops/other_ops/open", &["game_ops__open", "any_open"]),
        ] {
            if order == ByteOrder::Big && name.contains("open") {
                // Kernels of this order cannot pass the struct.
                continue;
            }
            let pinned = pinned(&full, &[name], "");
            assert_eq!(names_of(&pinned), functions, "{name}");
            let hook = name.parse().unwrap();
            let says = |kernel: &KernelBtf| {
                let context = Context::of_hook(kernel, &hook).unwrap();
                render::header(&crate::CtxBtf::new(kernel, [context]).unwrap()).unwrap()
            };
            assert_eq!(says(&pinned), says(&full), "{name}");
            // What is passed by value is whole.
            let pair = pinned.btf().types().find(|ty| ty.name() == "pair").unwrap();
            assert_eq!(pair.is_hollow(), name.contains("close"), "{name}");
        }
    }
}

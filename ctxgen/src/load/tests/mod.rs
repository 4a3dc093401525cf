//! Kernels by hand: without BTF, with modules, with something else than was expected.

mod answers;
mod elf;

use std::fs;
use std::path::PathBuf;

use libbpf_rs::libbpf_sys;

use self::elf::object;
use self::elf::object_with;
use super::needs::Needs;
use super::roots::Roots;
use super::small::End;
use super::*;
use crate::KernelError;
use crate::LoadError;
use crate::PrototypeError;
use crate::btf::Btf;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::Kind;
use crate::btf::TypeId;

const FUNC: u32 = libbpf_sys::BTF_KIND_FUNC << 24;
const FUNC_PROTO: u32 = libbpf_sys::BTF_KIND_FUNC_PROTO << 24;

/// Adds a function with these parameters, which returns nothing.
fn function(writer: &mut BtfWriter, name: &str, params: &[(&str, TypeId)]) {
    let mut words = vec![0, FUNC_PROTO | params.len() as u32, 0];
    for (name, type_id) in params {
        words.extend([writer.string(name), type_id.0]);
    }
    let proto = writer.raw(&words);
    let name = writer.string(name);
    writer.raw(&[name, FUNC, proto.0]);
}

/// A kernel with a function of its own.
fn vmlinux(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    writer.int("long int", 8, crate::btf::IntEncoding::Signed);
    let u64 = writer.unsigned("long long unsigned int", 8);
    function(&mut writer, "in_kernel", &[("first", u64), ("second", u64)]);
    writer.finish()
}

/// A module with a function, one of whose arguments is of a type that the kernel does not have.
fn module(base: &[u8], name: &str) -> Vec<u8> {
    let base = Btf::parse(base).unwrap();
    let mut writer = BtfWriter::split(&base);
    let own = writer.structure("of_module", 8, &[("x", TypeId(2), 0)]);
    let pointer = writer.pointer(own);
    function(
        &mut writer,
        name,
        &[("own", pointer), ("number", TypeId(2))],
    );
    writer.finish()
}

/// A folder like `/sys/kernel/btf`, which is removed with this.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &[u8])]) -> Self {
        let name = format!("ctxgen-{}-{name}", std::process::id());
        let folder = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        for (name, bytes) in files {
            fs::write(folder.0.join(name), bytes).unwrap();
        }
        folder
    }

    fn vmlinux(&self) -> PathBuf {
        self.0.join("vmlinux")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The fields of a struct in the BTF that libbpf gets, with their offsets in bytes; `None` where the
/// struct is not there.
fn fields(loader: &Loader<'_>, name: &str) -> Option<Vec<(String, u32)>> {
    let bytes = fs::read(loader.btf_path().unwrap()).unwrap();
    let btf = Btf::parse(&bytes).unwrap();
    let ty = btf.types().find(|ty| ty.name() == name)?;
    let Kind::Struct(composite) = ty.kind() else {
        panic!("{name} is no struct");
    };
    let members = composite.members();
    Some(
        members
            .map(|m| (m.name.to_owned(), m.bit_offset / 8))
            .collect(),
    )
}

#[test]
fn a_field_where_the_kernel_has_the_argument() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let bytes = object(
            order,
            "fentry/in_kernel",
            "btf_fentry_in_kernel_ctx",
            "second",
        );
        let folder = Folder::new(&format!("field-{order}"), &[("vmlinux", &vmlinux(order))]);
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert!(loader.absent().is_empty());
        assert_eq!(
            fields(&loader, "btf_fentry_in_kernel_ctx").unwrap(),
            [("second".to_owned(), 8)]
        );
    }
}

#[test]
fn a_kernel_without_btf() {
    let folder = Folder::new("none", &[]);
    let load = |section, context| {
        let bytes = object(ByteOrder::HOST, section, context, "x");
        Loader::for_running(&bytes, &folder.vmlinux()).map(|loader| loader.absent().len())
    };
    let text = load("fentry/f", "btf_fentry_f_ctx")
        .unwrap_err()
        .to_string();
    for part in [
        "vmlinux",
        "CONFIG_DEBUG_INFO_BTF=y",
        "the target kernel's BTF",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // Attaching takes BTF, relocated or not.
    assert!(load("tp_btf/f", "other").is_err());
    // And these do not.
    assert_eq!(load("xdp", "xdp_md").unwrap(), 0);
    assert_eq!(load("raw_tp/f", "bpf_raw_tracepoint_args").unwrap(), 0);
}

#[test]
fn a_kernel_of_the_other_byte_order() {
    let kernel = vmlinux(ByteOrder::Big);
    let kernel = KernelBtf::from_bytes(&kernel, Origin::Memory("big".to_owned())).unwrap();
    let bytes = object(
        ByteOrder::Little,
        "fentry/in_kernel",
        "btf_fentry_in_kernel_ctx",
        "x",
    );
    let text = Loader::for_kernel(&bytes, &kernel).unwrap_err().to_string();
    assert!(
        text.contains("the BPF object is little-endian, and big is big-endian"),
        "{text}"
    );
}

#[test]
fn damaged_kernels() {
    let bytes = object(
        ByteOrder::HOST,
        "fentry/in_kernel",
        "btf_fentry_in_kernel_ctx",
        "x",
    );
    let kernel = vmlinux(ByteOrder::HOST);
    for len in 0..kernel.len() {
        let folder = Folder::new(&format!("cut-{len}"), &[("vmlinux", &kernel[..len])]);
        let cut = Loader::for_running(&bytes, &folder.vmlinux());
        let error = *cut.err().unwrap();
        assert!(
            matches!(error, LoadError::Kernel(KernelError::BadBtf { .. })),
            "{len}"
        );
    }
}

/// A blob with a header of 32 bytes, and a layout section behind the strings that says how long types of
/// this kind are: 4 bytes more than all are, and 8 for each record.
fn with_layout(plain: &[u8], order: ByteOrder, kind: u32) -> Vec<u8> {
    let word = |at: usize| order.u32(plain[at..at + 4].try_into().unwrap());
    let mut bytes = plain[..4].to_vec();
    let layout_len = 4 * (kind + 1);
    let layout_at = word(16) + word(20);
    for word in [
        32,
        word(8),
        word(12),
        word(16),
        word(20),
        layout_at,
        layout_len,
    ] {
        order.put_u32(&mut bytes, word);
    }
    bytes.extend_from_slice(&plain[24..]);
    bytes.resize(bytes.len() + 4 * kind as usize, 0);
    bytes.extend_from_slice(&[4, 8, 0, 0]);
    bytes
}

/// What libbpf gets has nothing of kinds that it does not know, be it the few types that the object
/// needs or the whole kernel.
#[test]
fn kernels_with_unknown_kinds() {
    const KIND: u32 = 99;
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut writer = BtfWriter::new(order);
        let u64 = writer.unsigned("long long unsigned int", 8);
        let name = writer.string("novelty");
        let novelty = writer.raw(&[name, KIND << 24 | 2, 5, 1, 2, 3, 4, 5]);
        let pointer = writer.pointer(novelty);
        function(
            &mut writer,
            "in_kernel",
            &[("first", pointer), ("second", u64)],
        );
        function(
            &mut writer,
            "by_value",
            &[("first", novelty), ("second", u64)],
        );
        let kernel = with_layout(&writer.finish(), order, KIND);
        let folder = Folder::new(&format!("unknown-{order}"), &[("vmlinux", &kernel)]);

        let context = "btf_fentry_in_kernel_ctx";
        let bytes = object(order, "fentry/in_kernel", context, "second");
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert!(loader.absent().is_empty(), "{:?}", loader.absent());
        let expected = vec![("second".to_owned(), 8)];
        assert_eq!(fields(&loader, context), Some(expected.clone()));
        let whole = KernelBtf::from_bytes(&kernel, Origin::Memory("k".to_owned())).unwrap();
        let loader = Loader::for_kernel(&bytes, &whole).unwrap();
        assert_eq!(fields(&loader, context), Some(expected));

        let bytes = object(
            order,
            "fentry/by_value",
            "btf_fentry_by_value_ctx",
            "second",
        );
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert_eq!(loader.absent().len(), 1);
        let text = loader.absent()[0].to_string();
        assert!(text.contains("kind 99"), "{text}");

        // Without the layout, the kind is named.
        let folder = Folder::new(
            &format!("plain-{order}"),
            &[("vmlinux", &of_unknown_length(order))],
        );
        let error = Loader::for_running(&bytes, &folder.vmlinux())
            .err()
            .unwrap();
        assert!(error.to_string().contains("kind 99"), "{error}");
    }
}

/// A kernel with a type of an unknown kind, and nothing that tells its length.
fn of_unknown_length(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    writer.raw(&[0, 99 << 24, 0]);
    writer.finish()
}

#[test]
fn hooks_of_modules() {
    let order = ByteOrder::HOST;
    let kernel = vmlinux(order);
    let [one, two] = ["in_one", "in_two"].map(|name| module(&kernel, name));
    let files: [(&str, &[u8]); 4] = [
        ("vmlinux", &kernel),
        ("one", &one),
        ("two", &two),
        ("damaged", b"\x9f\xeb\x01"),
    ];
    let folder = Folder::new("modules", &files);
    for target in ["in_one", "in_two"] {
        let context = format!("btf_fentry_{target}_ctx");
        let bytes = object(order, &format!("fentry/{target}"), &context, "number");
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert!(loader.absent().is_empty(), "{:?}", loader.absent());
        let expected = vec![("number".to_owned(), 8)];
        assert_eq!(fields(&loader, &context), Some(expected));
    }
    let bytes = object(order, "fentry/in_none", "btf_fentry_in_none_ctx", "number");
    let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
    assert_eq!(loader.absent().len(), 1);
    assert_eq!(fields(&loader, "btf_fentry_in_none_ctx"), None);
    let text = loader.absent()[0].to_string();
    assert!(
        text.contains("program prog, SEC(\"fentry/in_none\")") && text.contains("in_none"),
        "{text}"
    );

    // A type that only a module has is found too.
    let context = ("btf_fentry_in_kernel_ctx", "first");
    for (other, found) in [("of_module", true), ("of_none", false)] {
        let bytes = object_with(order, "fentry/in_kernel", context, (other, "x"));
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert_eq!(fields(&loader, other).is_some(), found, "{other}");
    }
}

/// A section may say which module a hook is in, and the struct's name does not.
#[test]
fn hooks_of_modules_by_their_name() {
    let order = ByteOrder::HOST;
    let kernel = vmlinux(order);
    let [one, two] = ["in_kernel", "in_two"].map(|name| module(&kernel, name));
    let files: [(&str, &[u8]); 3] = [("vmlinux", &kernel), ("one", &one), ("two", &two)];
    let folder = Folder::new("named", &files);
    let context = "btf_fentry_in_kernel_ctx";
    for (section, field, found) in [
        ("fentry/in_kernel", "second", Some(8)),
        ("fentry/in_kernel", "number", None),
        ("fentry/vmlinux:in_kernel", "second", Some(8)),
        ("fentry/one:in_kernel", "number", Some(8)),
        ("fentry/one:in_kernel", "second", None),
    ] {
        let bytes = object(order, section, context, field);
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert!(loader.absent().is_empty(), "{:?}", loader.absent());
        let expected: Vec<_> = found.map(|at| (field.to_owned(), at)).into_iter().collect();
        assert_eq!(
            fields(&loader, context),
            Some(expected),
            "{section} {field}"
        );
    }
    for section in ["fentry/two:in_kernel", "fentry/three:in_kernel"] {
        let bytes = object(order, section, context, "number");
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert_eq!(loader.absent().len(), 1, "{section}");
        assert_eq!(fields(&loader, context), None);
    }
}

/// CO-RE takes these two for one struct, and would mix up their fields.
#[test]
fn contexts_of_one_name() {
    let order = ByteOrder::HOST;
    let folder = Folder::new("same", &[("vmlinux", &vmlinux(order))]);
    let bytes = object_with(
        order,
        "fentry/in_kernel",
        ("btf_fentry___one_ctx", "x"),
        ("btf_fentry___two_ctx", "x"),
    );
    let error = Loader::for_running(&bytes, &folder.vmlinux()).unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("btf_fentry___one_ctx and struct btf_fentry___two_ctx"),
        "{text}"
    );
}

/// Where ids of the kernel's own types are asked for, what is of modules comes after all of them.
#[test]
fn a_modules_types_come_after_a_whole_kernel() {
    let order = ByteOrder::HOST;
    let kernel = vmlinux(order);
    let one = module(&kernel, "in_one");
    let folder = Folder::new("whole", &[("vmlinux", &kernel), ("one", &one)]);
    let context = ("btf_fentry_in_kernel_ctx", "first");
    let bytes = object_with(order, "fentry/in_kernel", context, ("of_module", "x"));
    let object = ObjectFile::parse(&bytes).unwrap();
    let objects = std::slice::from_ref(&object);
    let mut roots = Roots::of(objects);
    roots.ids = true;
    let vmlinux = source::vmlinux(&folder.vmlinux(), &Origin::running()).unwrap();
    let end = End::of(vmlinux.btf());
    let needs = Needs::of(objects, &vmlinux, &roots);
    assert!(!needs.lacking.is_nothing());
    let both = source::with_modules(vmlinux, &folder.0, &needs.lacking).unwrap();
    let needs = Needs::of(objects, &both, &roots);
    assert!(needs.lacking.is_nothing());
    let picked = Picked::new(&both, &needs, &roots, end).unwrap();
    let small = picked.small.kernel(&Origin::running()).unwrap();
    let sides = Sides::new(&object, &small).unwrap();
    let file = custom::file(std::slice::from_ref(&sides), &picked, small.origin()).unwrap();
    let (btf, base) = (Btf::parse(&file).unwrap(), Btf::parse(&kernel).unwrap());
    for ty in base.types() {
        assert_eq!(btf.get(ty.id()).unwrap().name(), ty.name());
    }
    for name in ["of_module", "btf_fentry_in_kernel_ctx"] {
        let mut named = btf.types().filter(|ty| ty.name() == name);
        let Kind::Struct(composite) = named.next().unwrap().kind() else {
            panic!("{name} is no struct");
        };
        let size = |id| {
            btf.resolve(id)
                .map(|ty| matches!(ty.kind(), Kind::Int { size: 8, .. }))
        };
        assert_eq!(composite.members().count(), 1, "{name}");
        assert!(composite.members().all(|m| size(m.type_id) == Some(true)));
        assert!(named.next().is_none());
    }
}

/// A kernel with an ops type, whose members' arguments are called as those of two functions.
fn with_ops(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    let int = writer.int("int", 4, crate::btf::IntEncoding::Signed);
    let u64 = writer.unsigned("long long unsigned int", 8);
    let move_proto = writer.prototype(&[("", u64), ("", u64)], int);
    let pass_proto = writer.prototype(&[("", u64)], int);
    let members = [move_proto, pass_proto].map(|proto| writer.pointer(proto));
    let ops = writer.structure(
        "game",
        16,
        &[("move", members[0], 0), ("pass", members[1], 8)],
    );
    let common = writer.structure("bpf_struct_ops_common_value", 4, &[("refcnt", int, 0)]);
    let wrapper = [("common", common, 0), ("data", ops, 64)];
    writer.structure("bpf_struct_ops_game", 128, &wrapper);
    let types = |names: [&'static str; 2]| [(names[0], u64), (names[1], u64)];
    for (name, params, ret) in [
        ("game__move", types(["from", "to"]), int),
        // Not the stub, and of another type.
        ("other_move", types(["x", "y"]), int),
        ("one_move", types(["a", "b"]), u64),
    ] {
        let proto = writer.prototype(&params, ret);
        writer.function(name, proto);
    }
    writer.finish()
}

#[test]
fn a_member_of_struct_ops() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let vmlinux = with_ops(order);
        let folder = Folder::new(&format!("ops-{order}"), &[("vmlinux", &vmlinux)]);
        let context = "btf_struct_ops_game_move_ctx";
        for section in ["struct_ops", "struct_ops.s/x", "struct_ops/game/move"] {
            let bytes = object(order, section, context, "to");
            let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
            assert!(loader.absent().is_empty(), "{section}");
            assert_eq!(
                fields(&loader, context).unwrap(),
                [("to".to_owned(), 8)],
                "{section}"
            );
        }
        for (section, context) in [
            ("struct_ops/any", "btf_struct_ops_game_jump_ctx"),
            ("struct_ops", "btf_struct_ops_no_game_move_ctx"),
            ("struct_ops/game/jump", "btf_struct_ops_game_jump_ctx"),
        ] {
            let bytes = object(order, section, context, "to");
            let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
            let [absent] = loader.absent() else {
                panic!("{section}");
            };
            assert!(
                matches!(absent.why, PrototypeError::UnknownHook { .. }),
                "{section}"
            );
        }
        // Without a context, it is libbpf's to know what it is.
        let bytes = object(order, "struct_ops/game/jump", "other_struct", "to");
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert!(loader.absent().is_empty() && loader.btf_path().is_none());
    }
}

/// A kernel with an event whose class has another name, and with a system call's events.
fn with_events(order: ByteOrder) -> Vec<u8> {
    let mut writer = BtfWriter::new(order);
    writer.int("long int", 8, crate::btf::IntEncoding::Signed);
    let u64 = writer.unsigned("long long unsigned int", 8);
    let void = writer.pointer(TypeId::VOID);
    let params = [("__data", void), ("value", u64)];
    let proto = writer.prototype(&[("", void), ("", u64)], TypeId::VOID);
    let pointer = writer.pointer(proto);
    writer.typedef("btf_trace_my_event", pointer);
    function(&mut writer, "__probestub_my_event", &params);
    function(&mut writer, "trace_event_raw_event_my_class", &params);
    let entry = writer.structure("trace_entry", 8, &[("type", u64, 0)]);
    for (class, at) in [("my_class", 16), ("other", 8)] {
        let name = format!("trace_event_raw_{class}");
        writer.structure(&name, at + 8, &[("ent", entry, 0), ("field", u64, at)]);
    }
    let args = writer.array(u64, u64, 6);
    for (name, ty, size) in [("args", args, 64), ("ret", u64, 24)] {
        let members = [("ent", entry, 0), ("syscall_nr", u64, 8), (name, ty, 16)];
        writer.structure("syscall_tp_t", size, &members);
    }
    function(&mut writer, "__x64_sys_openat2", &[("regs", void)]);
    writer.finish()
}

#[test]
fn a_record_of_a_trace_event() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let folder = Folder::new(
            &format!("event-{order}"),
            &[("vmlinux", &with_events(order))],
        );
        for (section, context, field, at) in [
            ("tp/cat/my_event", "btf_tp_cat_my_event_ctx", "field", 16),
            // An argument of a type that this kernel has no other use for.
            (
                "tp/syscalls/sys_enter_openat2",
                "btf_tp_syscalls_sys_enter_openat2_ctx",
                "usize",
                40,
            ),
        ] {
            let bytes = object(order, section, context, field);
            let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
            assert!(loader.absent().is_empty(), "{section}");
            let fields = fields(&loader, context).unwrap();
            assert_eq!(fields, [(field.to_owned(), at)], "{section}");
        }
        let bytes = object(order, "tp/cat/none", "btf_tp_cat_none_ctx", "field");
        let loader = Loader::for_running(&bytes, &folder.vmlinux()).unwrap();
        assert_eq!(loader.absent().len(), 1);
    }
}

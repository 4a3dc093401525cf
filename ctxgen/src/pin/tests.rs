//! What is kept, and how much of it.

use libbpf_rs::libbpf_sys;

use super::*;
use crate::btf::Btf;
use crate::btf::ByteOrder;
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

fn header(kernel: &KernelBtf, source: &str) -> Result<String, Error> {
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
        assert!(matches!(error, Error::UnknownHook { .. }), "{error}");
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
        let Error::NotPinned { types, .. } = &error else {
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

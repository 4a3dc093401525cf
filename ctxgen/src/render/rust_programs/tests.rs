//! Fields of the kernels' structs.

use std::slice;

use super::*;
use crate::btf::BtfWriter;
use crate::btf::ByteOrder;
use crate::btf::IntEncoding;
use crate::btf::TypeId;
use crate::context::merged::merge;
use crate::kernel::KernelBtf;
use crate::kernel::Origin;

/// A kernel with a function that gets a task. The later one has another name for the state, and another type
/// for the number.
fn kernel(is_later: bool) -> KernelBtf {
    let mut writer = BtfWriter::new(ByteOrder::Little);
    let int = writer.int("int", 4, IntEncoding::Signed);
    let unsigned = writer.unsigned("unsigned int", 4);
    let long = writer.int("long int", 8, IntEncoding::Signed);
    let mm = writer.forward("mm_struct", false);
    let mm = writer.pointer(mm);
    let qstr = writer.structure("qstr", 8, &[("hash", unsigned, 0), ("len", unsigned, 4)]);
    let inner = writer.union("", 8, &[("on_cpu", int), ("on_rq", int)]);
    let (state, number) = match is_later {
        false => (("state", long, 0), ("number", int, 8)),
        true => (("__state", unsigned, 0), ("number", long, 8)),
    };
    let members = [
        state,
        number,
        ("pid", int, 16),
        ("mm", mm, 24),
        ("name", qstr, 32),
        ("", inner, 40),
    ];
    let task = writer.structure("task_struct", 48, &members);
    let task = writer.pointer(task);
    let proto = writer.prototype(&[("task", task)], TypeId::VOID);
    writer.function("look", proto);
    let origin = Origin::Memory(["early", "late"][usize::from(is_later)].to_owned());
    KernelBtf::from_bytes(&writer.finish(), origin).unwrap()
}

fn made(kernels: &[KernelBtf], names: &[&str]) -> RustPrograms {
    let hook = "fentry/look".parse().unwrap();
    let ctx = CtxBtf::relocatable(kernels, [merge(kernels, &hook).unwrap()]).unwrap();
    let names = names.iter().map(|name| (*name).to_owned());
    rust_programs(&ctx, &RustOptions::default().names(names)).unwrap()
}

/// The lines of the getters' heads, without those that every type has.
fn getters(made: &RustPrograms) -> Vec<&str> {
    let lines = made.rust.lines().map(str::trim);
    let heads = lines.filter_map(|line| line.strip_prefix("pub fn ")?.strip_suffix(" {"));
    heads.filter(|head| !head.starts_with("is_null")).collect()
}

#[test]
fn fields_that_sources_name() {
    let kernel = kernel(false);
    let made = made(
        slice::from_ref(&kernel),
        &["pid", "mm", "name", "len", "on_rq", "unknown"],
    );
    let expected = [
        "task(self) -> task_struct<Direct>",
        "len(self) -> u32",
        "mm(self) -> mm_struct<M>",
        "name(self) -> qstr<M>",
        "on_rq(self) -> i32",
        "pid(self) -> i32",
    ];
    assert_eq!(getters(&made), expected);
    // Of the struct, the module has no more than that, and it is as large as the kernel's.
    assert!(
        made.ir
            .contains("name: \"task_struct\", file: !1, size: 384, elements:")
    );
    assert!(made.ir.contains("name: \"on_rq\"") && !made.ir.contains("name: \"on_cpu\""));
    assert!(made.ir.contains("name: \"qstr\"") && !made.ir.contains("name: \"hash\""));
}

#[test]
fn fields_of_several_kernels() {
    let kernels = [kernel(false), kernel(true)];
    let made = made(&kernels, &["pid", "state", "__state", "number"]);
    let expected = [
        "task(self) -> task_struct<Direct>",
        "__state(self) -> ::core::option::Option<u32>",
        "pid(self) -> i32",
        "state(self) -> ::core::option::Option<i64>",
    ];
    assert_eq!(getters(&made), expected);
    assert!(
        made.rust
            .contains("/// Without `number`: it has another type on late.")
    );
    // What the first kernel does not have is read with a flavour of the struct.
    assert!(
        made.ir.contains("name: \"task_struct___kernel_1\""),
        "{}",
        made.ir
    );
}

#[test]
fn nothing_is_read_that_is_not_named() {
    let kernel = kernel(false);
    let made = made(slice::from_ref(&kernel), &[]);
    assert_eq!(getters(&made), ["task(self) -> task_struct<Direct>"]);
    assert!(!made.ir.contains("name: \"pid\""));
}

//! A BTF that is changed to hurt: every kind of type and of hook in a few kilobytes.

use ctxgen::ByteOrder;
use libbpf_rs::libbpf_sys as sys;

use crate::blob::Blob;
use crate::blob::TARGET;

/// The types that hooks pass.
struct Types {
    int: u32,
    u64: u32,
    bool_: u32,
    u8: u32,
    wide: u32,
    e: u32,
    e64: u32,
    inner: u32,
    anonymous: u32,
    to_task: u32,
    to_volatile: u32,
    restrict: u32,
    to_tag: u32,
    float: u32,
    named: u32,
    kuid: u32,
}

/// The whole of it.
pub fn seed(order: ByteOrder) -> Blob {
    let mut blob = Blob::new(order);
    let types = types(&mut blob);
    tracepoints(&mut blob, &types);
    let security = functions(&mut blob, &types);
    ops(&mut blob, &types);
    others(&mut blob, &types, security);
    blob
}

fn types(blob: &mut Blob) -> Types {
    let int = blob.add("int", sys::BTF_KIND_INT, 0, 4, &[1 << 24 | 32]);
    let u64 = blob.int("long unsigned int", 8);
    let bool_ = blob.add("_Bool", sys::BTF_KIND_INT, 0, 1, &[4 << 24 | 8]);
    let u8 = blob.int("unsigned char", 1);
    let wide = blob.int("unsigned __int128", 16);
    let name = blob.string("VALUE");
    let e = blob.add("e", sys::BTF_KIND_ENUM, 1, 4, &[name, 7]);
    let name = blob.string("VALUE64");
    let e64 = blob.add("e64", sys::BTF_KIND_ENUM64, 1, 8, &[name, 7, 7]);
    let inner = blob.structure("inner", 8, &[("a", int, 0), ("b", bool_, 32)]);
    let anonymous = blob.union("", 8, &[("x", u64), ("y", inner)]);
    let array = blob.array(u8, 16);
    let declared = blob.add("declared", sys::BTF_KIND_FWD, 0, 0, &[]);
    let to_declared = blob.ptr(declared);
    let task = blob.structure(
        "task_struct",
        64,
        &[
            ("pid", int, 0),
            ("", anonymous, 64),
            ("comm", array, 128),
            ("far", to_declared, 256),
            ("last", u8, 384),
        ],
    );
    let to_task = blob.ptr(task);
    let constant = blob.add("", sys::BTF_KIND_CONST, 0, int, &[]);
    let volatile = blob.add("", sys::BTF_KIND_VOLATILE, 0, constant, &[]);
    let to_volatile = blob.ptr(volatile);
    let restrict = blob.add("", sys::BTF_KIND_RESTRICT, 0, to_volatile, &[]);
    let tag = blob.add("rcu", sys::BTF_KIND_TYPE_TAG, 0, task, &[]);
    let to_tag = blob.ptr(tag);
    let float = blob.add("double", sys::BTF_KIND_FLOAT, 0, 8, &[]);
    let proto = blob.proto(int, &[("a", to_task), ("", e)]);
    let function = blob.ptr(proto);
    let named = blob.typedef("callback_t", function);
    let kuid = blob.structure("", 4, &[("val", int, 0)]);
    let kuid = blob.typedef("kuid_t", kuid);
    Types {
        int,
        u64,
        bool_,
        u8,
        wide,
        e,
        e64,
        inner,
        anonymous,
        to_task,
        to_volatile,
        restrict,
        to_tag,
        float,
        named,
        kuid,
    }
}

fn tracepoints(blob: &mut Blob, types: &Types) {
    let Types {
        int,
        bool_,
        u8,
        e,
        e64,
        to_task,
        to_tag,
        named,
        kuid,
        ..
    } = *types;
    for (tp, params) in [
        ("first", &[bool_, to_task, e][..]),
        ("second", &[to_task]),
        ("third", &[u8, kuid, e64, named]),
    ] {
        blob.tracepoint(tp, params);
    }
    let data = blob.ptr(0);
    blob.func(
        "__probestub_first",
        0,
        &[
            ("__data", data),
            ("flag", bool_),
            ("task", to_task),
            ("e", e),
        ],
    );
    blob.func("__bpf_trace_class", 0, &[("__data", data), ("p", to_task)]);
    blob.func("__traceiter_lost", int, &[("__data", data), ("p", to_tag)]);
}

/// Functions, an LSM hook and an iterator; the function that is tagged.
fn functions(blob: &mut Blob, types: &Types) -> u32 {
    let Types {
        int,
        bool_,
        wide,
        e64,
        inner,
        anonymous,
        to_task,
        to_volatile,
        restrict,
        to_tag,
        float,
        named,
        kuid,
        ..
    } = *types;
    let all = [
        ("a", int),
        ("b", bool_),
        ("c", to_task),
        ("d", to_volatile),
        ("e", restrict),
        ("f", to_tag),
        ("g", named),
        ("h", kuid),
        ("i", inner),
        ("j", e64),
    ];
    blob.func("takes_all", int, &all);
    blob.func("twice", int, &all[..1]);
    blob.func("twice", int, &all[1..2]);
    blob.func("variadic", 0, &[("a", int), ("", 0)]);
    blob.func("floats", float, &[("a", float), ("b", wide)]);
    let security = blob.func("security_file_open", int, &[("file", to_task)]);
    let hook = blob.func("bpf_lsm_file_open", int, &[("file", to_task)]);
    let member = blob.ptr(blob.get(hook).words[TARGET]);
    blob.union("security_list_options", 8, &[("file_open", member)]);
    blob.structure(
        "bpf_iter__task",
        16,
        &[("meta", to_task, 0), ("", anonymous, 64)],
    );
    blob.func("bpf_iter_task", int, &[("meta", to_task)]);
    security
}

fn ops(blob: &mut Blob, types: &Types) {
    let Types {
        int, e, to_task, ..
    } = *types;
    let open = blob.proto(int, &[("", to_task), ("", e)]);
    let close = blob.proto(0, &[("", to_task)]);
    let members = [blob.ptr(open), blob.ptr(close)];
    let ops = blob.structure(
        "game_ops",
        24,
        &[
            ("open", members[0], 0),
            ("close", members[1], 64),
            ("flags", int, 128),
        ],
    );
    let common = blob.structure("bpf_struct_ops_common_value", 4, &[("refcnt", int, 0)]);
    blob.structure(
        "bpf_struct_ops_game_ops",
        88,
        &[("common", common, 0), ("data", ops, 512)],
    );
    blob.func(
        "game_ops__open",
        int,
        &[("player__nullable", to_task), ("kind", e)],
    );
    blob.func("bpf_game_close", 0, &[("player", to_task)]);
}

/// Registers, a namesake, and what is no type.
fn others(blob: &mut Blob, types: &Types, security: u32) {
    let Types { int, u64, .. } = *types;
    blob.structure("pt_regs", 16, &[("orig_ax", u64, 0), ("ip", u64, 64)]);
    blob.structure("inner", 4, &[("other", int, 0)]);
    blob.add("tagged", sys::BTF_KIND_DECL_TAG, 0, security, &[u32::MAX]);
    let variable = blob.add("jiffies", sys::BTF_KIND_VAR, 0, u64, &[1]);
    blob.add(".data", sys::BTF_KIND_DATASEC, 1, 8, &[variable, 0, 8]);
}

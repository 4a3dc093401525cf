//! Members of `struct_ops`: which there are, what their arguments are called, and what is said about them.

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::CtxBtf;
use ctxgen::Hook;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::PrototypeError;
use ctxgen::layout::Unsupported;
use ctxgen::prototype;
use ctxgen::prototype::NamesFrom;
use ctxgen::render;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::fixtures;
use libbpf_rs::libbpf_sys as sys;

use crate::hooks::context;
use crate::hooks::family;
use crate::hooks::field_names;
use crate::hooks::hook;
use crate::hooks::open;
use crate::hooks::open_fixture;
use crate::hooks::slots;

fn members(kernel: &KernelBtf) -> Vec<String> {
    let hooks = prototype::hooks(kernel, family("struct_ops"));
    hooks.map(|hook| hook.target().to_owned()).collect()
}

fn names_from(kernel: &KernelBtf, name: &str) -> NamesFrom {
    slots(&context(kernel, name)).1.clone()
}

fn header(kernel: &KernelBtf, name: &str) -> String {
    render::header(&CtxBtf::new(kernel, [context(kernel, name)]).unwrap()).unwrap()
}

#[test]
fn only_wrappers_of_ops_types_count() {
    for (name, ops) in [
        ("5.10-x86_64", &["tcp_congestion_ops"][..]),
        ("6.1-x86_64", &["bpf_dummy_ops", "tcp_congestion_ops"]),
        ("6.12-aarch64", &["bpf_dummy_ops", "tcp_congestion_ops"]),
        ("6.12-s390x", &[]),
        (
            "7.2-x86_64",
            &[
                "Qdisc_ops",
                "bpf_dummy_ops",
                "sched_ext_ops",
                "sched_ext_ops_cid",
                "tcp_congestion_ops",
            ],
        ),
    ] {
        let members = members(&open_fixture(name));
        let mut found: Vec<&str> = members
            .iter()
            .filter_map(|member| Some(member.split_once('/')?.0))
            .collect();
        found.dedup();
        assert_eq!(found, ops, "{name}");
    }
}

#[test]
fn a_struct_name_stands_for_the_member_that_there_is() {
    for fixture in fixtures() {
        let kernel = open(&fixture);
        for member in members(&kernel) {
            let name = format!("struct_ops/{member}");
            let by_section = context(&kernel, &name);
            let joined = Hook::from_struct_name(&by_section.struct_name).unwrap();
            for found in [
                Context::of_struct(&kernel, &joined).unwrap(),
                Context::of_hook(&kernel, &joined).unwrap(),
                Context::of_hook_alone(&kernel, &joined).unwrap(),
            ] {
                assert_eq!(found.hooks, [hook(&name)]);
                assert_eq!(found.struct_name, by_section.struct_name);
            }
        }
    }
}

/// A fixture, a member, its arguments' names and where they are from.
type Named = (
    &'static str,
    &'static str,
    &'static [&'static str],
    NamesFrom,
);

fn stubs() -> Vec<Named> {
    let func = |name: &str| NamesFrom::Func(name.to_owned());
    vec![
        (
            "7.2-x86_64",
            "sched_ext_ops/dispatch",
            &["prev_cpu", "prev"],
            func("sched_ext_ops__dispatch"),
        ),
        // Another ops type's stub.
        (
            "7.2-x86_64",
            "sched_ext_ops_cid/running",
            &["p"],
            func("sched_ext_ops__running"),
        ),
        // A stub by another name, and implementations that do not agree with it.
        (
            "7.2-x86_64",
            "tcp_congestion_ops/cong_avoid",
            &["sk", "ack", "acked"],
            func("bpf_tcp_ca_cong_avoid"),
        ),
        (
            "6.12-aarch64",
            "tcp_congestion_ops/release",
            &["sk"],
            func("__bpf_tcp_ca_release"),
        ),
        // No stubs yet: implementations that agree, that do not, and none.
        (
            "5.10-x86_64",
            "tcp_congestion_ops/undo_cwnd",
            &["sk"],
            func("tcp_reno_undo_cwnd"),
        ),
        (
            "6.1-x86_64",
            "tcp_congestion_ops/release",
            &["arg0"],
            NamesFrom::Nowhere,
        ),
        (
            "6.1-x86_64",
            "tcp_congestion_ops/set_state",
            &["arg0", "arg1"],
            NamesFrom::Nowhere,
        ),
        // Nothing to name.
        (
            "7.2-x86_64",
            "sched_ext_ops/init",
            &[],
            NamesFrom::NoArguments,
        ),
    ]
}

#[test]
fn names_come_from_stubs_first() {
    for (fixture, member, names, from) in stubs() {
        let kernel = open_fixture(fixture);
        let name = format!("struct_ops/{member}");
        assert_eq!(field_names(&kernel, &name), names, "{fixture} {member}");
        assert_eq!(names_from(&kernel, &name), from, "{fixture} {member}");
    }
}

#[test]
fn what_stubs_say_is_remarked() {
    let kernel = open_fixture("7.2-x86_64");
    let remark = |name: &str, field: usize| {
        let context = context(&kernel, name);
        slots(&context).0.fields[field].remark.clone()
    };
    assert_eq!(
        remark("struct_ops/sched_ext_ops/dispatch", 1),
        "may be NULL"
    );
    // The verifier of 7.2 takes it from the stub that they share.
    let shared = "struct_ops/sched_ext_ops_cid/dispatch";
    assert_eq!(remark(shared, 1), "may be NULL");
    assert_eq!(remark(shared, 0), "");
    assert!(remark("struct_ops/Qdisc_ops/enqueue", 0).starts_with("a reference"));
}

/// The returned value is what the program has to give, and nothing that it could read.
#[test]
fn what_is_returned_is_said_and_is_no_field() {
    let kernel = open_fixture("7.2-x86_64");
    for (member, said) in [
        (
            "tcp_congestion_ops/ssthresh",
            " * The program returns u32.\n",
        ),
        (
            "Qdisc_ops/dequeue",
            " * The program returns struct sk_buff *.\n",
        ),
        ("sched_ext_ops/init", " * The program returns s32.\n"),
        ("tcp_congestion_ops/cong_avoid", ""),
    ] {
        let name = format!("struct_ops/{member}");
        let header = header(&kernel, &name);
        assert!(header.contains(said), "{header}");
        assert_eq!(header.contains("The program returns"), !said.is_empty());
        assert!(!field_names(&kernel, &name).contains(&"ret".to_owned()));
    }
}

#[test]
fn what_is_not_there_is_said() {
    let kernel = open_fixture("7.2-x86_64");
    let error = |name: &str| {
        let hook = name.parse().unwrap();
        Context::of_hook(&kernel, &hook).unwrap_err().to_string()
    };
    let ops = error("struct_ops/no_such_ops/init");
    for known in [
        "struct bpf_struct_ops_no_such_ops",
        "Qdisc_ops",
        "tcp_congestion_ops",
    ] {
        assert!(ops.contains(known), "{ops}");
    }
    // A member that is no function.
    let data = error("struct_ops/tcp_congestion_ops/name");
    assert!(data.contains("a pointer to a function, name"), "{data}");
    let none = Context::of_hook(&open_fixture("6.12-s390x"), &hook("struct_ops/a/b"));
    assert!(
        none.unwrap_err()
            .to_string()
            .contains("any type that programs may")
    );
    // What libbpf takes says nothing here.
    let generic = error("struct_ops/my_program");
    assert!(generic.contains("has no hook"), "{generic}");
}

fn memory(blob: &Blob) -> KernelBtf {
    let origin = Origin::Memory("a BTF of the test's".to_owned());
    KernelBtf::from_bytes(&blob.to_bytes(), origin).unwrap()
}

/// An ops type with these members of one type, and its wrapper.
fn add_ops(blob: &mut Blob, name: &str, common: &str, members: &[&str]) {
    let int = blob.int("int", 4);
    let proto = blob.proto(int, &[("", int)]);
    let to = blob.ptr(proto);
    let members: Vec<_> = members.iter().map(|member| (*member, to, 0)).collect();
    let ops = blob.structure(name, 8, &members);
    let wrapper = [(common, int, 0), ("data", ops, 64)];
    blob.structure(&format!("bpf_struct_ops_{name}"), 16, &wrapper);
}

#[test]
fn two_members_of_one_struct_name_are_refused() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let mut blob = Blob::new(order);
        add_ops(&mut blob, "ops", "common", &["a_b", "c"]);
        add_ops(&mut blob, "ops_a", "refcnt", &["b"]);
        let kernel = memory(&blob);
        for name in [
            "struct_ops/ops/a_b",
            "struct_ops/ops_a/b",
            "btf_struct_ops_ops_a_b_ctx",
        ] {
            let Err(PrototypeError::Unsupported { reason, .. }) =
                Context::of_hook(&kernel, &hook(name))
            else {
                panic!("{name}");
            };
            let shared = Unsupported::SharedName {
                one: "ops/a_b".to_owned(),
                other: "ops_a/b".to_owned(),
            };
            assert_eq!(reason, shared, "{name}");
        }
        assert!(Context::of_hook(&kernel, &hook("struct_ops/ops/c")).is_ok());
    }
}

/// What is called like a wrapper and holds no ops type of that name, or begins otherwise.
#[test]
fn what_is_only_called_like_a_wrapper_is_none() {
    let mut blob = Blob::new(ByteOrder::Little);
    add_ops(&mut blob, "fine", "common", &["call"]);
    add_ops(&mut blob, "other", "map", &["call"]);
    let int = blob.int("int", 4);
    blob.structure(
        "bpf_struct_ops_link",
        16,
        &[("common", int, 0), ("data", int, 64)],
    );
    blob.add("bpf_struct_ops_declared", sys::BTF_KIND_FWD, 0, 0, &[]);
    assert_eq!(members(&memory(&blob)), ["fine/call"]);
}

//! What has no context, and what is said about it.

use std::collections::BTreeMap;

use ctxgen::ByteOrder;
use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::PrototypeError;
use ctxgen::layout::Unsupported;
use ctxgen::prototype;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::fixtures;
use libbpf_rs::libbpf_sys as sys;

use crate::hooks::context;
use crate::hooks::family;
use crate::hooks::hook;
use crate::hooks::open;
use crate::hooks::open_fixture;
use crate::hooks::slots;

fn error(kernel: &KernelBtf, name: &str) -> PrototypeError {
    match Context::of_hook(kernel, &hook(name)) {
        Ok(context) => panic!("{name} has {}", context.struct_name),
        Err(error) => error,
    }
}

fn unsupported(kernel: &KernelBtf, name: &str) -> Unsupported {
    match error(kernel, name) {
        PrototypeError::Unsupported { hook, reason } => {
            assert_eq!(hook.to_string(), name);
            reason
        }
        error => panic!("{name}: {error}"),
    }
}

#[test]
fn same_names_of_different_types_are_listed() {
    let kernel = open_fixture("6.1-x86_64");
    let functions = prototype::hooks(&kernel, family("fentry"));
    let mut seen = 0;
    for hook in functions {
        let Err(error) = Context::of_hook(&kernel, &hook) else {
            continue;
        };
        let PrototypeError::AmbiguousFunction { prototypes, .. } = &error else {
            continue;
        };
        seen += 1;
        assert!(prototypes.len() > 1, "{error}");
        let mut different = prototypes.clone();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), prototypes.len(), "{error}");
        let text = error.to_string();
        for prototype in prototypes {
            assert!(prototype.contains(hook.target()), "{prototype}");
            assert!(text.contains(prototype.as_str()), "{text}");
        }
        // What is ambiguous to enter is so to leave.
        let fexit = format!("fexit/{}", hook.target());
        assert!(matches!(
            Context::of_hook(&kernel, &fexit.parse().unwrap()),
            Err(PrototypeError::AmbiguousFunction { .. })
        ));
    }
    assert!(seen >= 4, "{seen} ambiguous names");
}

/// Two structs of one name are not one type, though they are written the same at first.
#[test]
fn structs_of_one_name_are_told_apart() {
    let mut blob = Blob::new(ByteOrder::HOST);
    let int = blob.int("int", 4);
    for size in [4, 8] {
        let s = blob.structure("s", size, &[("a", int, 0)]);
        let ptr = blob.ptr(s);
        blob.func("f", int, &[("p", ptr)]);
    }
    let kernel = memory(&blob);
    let PrototypeError::AmbiguousFunction { prototypes, .. } = error(&kernel, "fentry/f") else {
        panic!("not ambiguous");
    };
    assert_eq!(prototypes, ["int f(struct s *p)", "int f(struct s___2 *p)"]);
}

/// Types that look the same are not the same: both are shown.
#[test]
fn prototypes_that_look_the_same_are_all_shown() {
    let mut blob = Blob::new(ByteOrder::HOST);
    let int = blob.int("int", 4);
    for _ in 0..2 {
        let anonymous = blob.structure("", 4, &[("a", int, 0)]);
        let ptr = blob.ptr(anonymous);
        blob.func("f", int, &[("p", ptr)]);
        blob.func("f", int, &[("p", ptr)]);
    }
    let kernel = memory(&blob);
    let error = error(&kernel, "fentry/f");
    let PrototypeError::AmbiguousFunction { prototypes, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(prototypes.len(), 2, "{error}");
}

/// A struct and a declaration of that name are two types.
#[test]
fn declarations_are_told_apart() {
    let mut blob = Blob::new(ByteOrder::HOST);
    let int = blob.int("int", 4);
    let declared = blob.add("s", sys::BTF_KIND_FWD, 0, 0, &[]);
    let defined = blob.structure("s", 4, &[("a", int, 0)]);
    for to in [declared, defined] {
        let ptr = blob.ptr(to);
        blob.func("f", int, &[("p", ptr)]);
    }
    let error = error(&memory(&blob), "fentry/f");
    let PrototypeError::AmbiguousFunction { prototypes, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(prototypes.len(), 2, "{error}");
}

/// Equal prototypes of one name are one.
#[test]
fn same_names_of_equal_types_are_fine() {
    let mut blob = Blob::new(ByteOrder::HOST);
    let int = blob.int("int", 4);
    blob.func("f", int, &[("a", int)]);
    blob.func("f", int, &[("a", int)]);
    let kernel = memory(&blob);
    assert_eq!(slots(&context(&kernel, "fentry/f")).0.fields.len(), 1);
}

#[test]
fn what_is_only_called_like_an_lsm_hook_is_none() {
    for fixture in fixtures() {
        let kernel = open(&fixture);
        let all: Vec<String> = kernel
            .btf()
            .types()
            .filter_map(|ty| match ty.kind() {
                ctxgen::btf::Kind::Func(_) => ty.name().strip_prefix("bpf_lsm_").map(str::to_owned),
                _ => None,
            })
            .collect();
        let hooks: Vec<String> = prototype::hooks(&kernel, family("lsm"))
            .map(|hook| hook.target().to_owned())
            .collect();
        let mut none = 0;
        for name in all.iter().filter(|name| !hooks.contains(name)) {
            none += 1;
            for family in ["lsm", "lsm_cgroup"] {
                let error = error(&kernel, &format!("{family}/{name}"));
                assert!(
                    matches!(error, PrototypeError::UnknownHook { .. }),
                    "{error}"
                );
                assert!(
                    error.to_string().contains("union security_list_options"),
                    "{error}"
                );
            }
        }
        println!("{}: {} hooks, {none} others", fixture.name, hooks.len());
        if all.is_empty() {
            // Built without BPF LSM programs.
            assert_eq!(fixture.name, "6.12-s390x");
            continue;
        }
        assert!(hooks.len() > 40, "{}", fixture.name);
        for name in ["init", "verify_prog"] {
            assert!(all.contains(&name.to_owned()), "{}: {name}", fixture.name);
            assert!(
                !hooks.contains(&name.to_owned()),
                "{}: {name}",
                fixture.name
            );
        }
    }
}

#[test]
fn the_nearest_names_are_offered() {
    let kernel = open_fixture("7.2-x86_64");
    for (asked, offered) in [
        ("tp_btf/sched_swich", "tp_btf/sched_switch"),
        ("raw_tp/sched_wakup", "raw_tp/sched_wakeup"),
        ("fexit/vfs_unlnk", "fexit/vfs_unlink"),
        ("lsm/file_mprotec", "lsm/file_mprotect"),
        ("lsm_cgroup/file_mprotec", "lsm_cgroup/file_mprotect"),
        ("iter/tasks", "iter/task"),
        (
            "struct_ops/sched_ext_ops/dispath",
            "struct_ops/sched_ext_ops/dispatch",
        ),
        (
            "struct_ops/tcp_congestion_op/init",
            "struct_ops/tcp_congestion_ops/init",
        ),
        (
            "btf_struct_ops_sched_ext_ops_cid_dispath_ctx",
            "struct_ops/sched_ext_ops_cid/dispatch",
        ),
    ] {
        let error = error(&kernel, asked);
        let PrototypeError::UnknownHook { nearest, tried, .. } = &error else {
            panic!("{error}");
        };
        assert_eq!(nearest.first().map(String::as_str), Some(offered));
        assert!(!tried.is_empty());
        let text = error.to_string();
        assert!(text.contains(offered), "{text}");
        assert!(text.contains("7.2-x86_64.btf"), "{text}");
        assert!(tried.iter().all(|name| text.contains(name)), "{text}");
    }
    let far = error(&kernel, "fentry/nothing_is_called_anything_like_this");
    assert!(!far.to_string().contains("Similar"), "{far}");
}

/// What real kernels have that nothing can attach to.
#[test]
fn real_functions_that_are_refused() {
    use Unsupported as U;

    let mut seen = BTreeMap::new();
    for fixture in fixtures() {
        let kernel = open(&fixture);
        for hook in prototype::hooks(&kernel, family("fentry")) {
            if let Err(PrototypeError::Unsupported { reason, .. }) =
                Context::of_hook(&kernel, &hook)
            {
                let text = reason.to_string();
                assert!(!text.is_empty());
                let variant = match reason {
                    U::Variadic => "variadic",
                    U::ReturnsStruct => "returns a struct",
                    U::TooManySlots(slots) => {
                        assert!(slots > 12 && text.contains(&slots.to_string()), "{text}");
                        "too many slots"
                    }
                    U::TooLarge { name, size } => {
                        assert!(size > 16 && text.contains(&name), "{text}");
                        "too large"
                    }
                    U::BigEndianStruct(name) => {
                        assert_eq!(kernel.byte_order(), ByteOrder::Big);
                        assert!(text.contains(&name), "{text}");
                        "a struct on big-endian"
                    }
                    U::OddType { name, kind } => {
                        assert!(text.contains(&name) && text.contains(kind), "{text}");
                        kind
                    }
                    reason => panic!("{hook}: {reason}"),
                };
                seen.entry(variant).or_insert_with(|| hook.to_string());
            }
        }
    }
    println!("{seen:#?}");
    let variants: Vec<_> = seen.keys().copied().collect();
    assert_eq!(
        variants,
        [
            "a struct on big-endian",
            "returns a struct",
            "struct without members",
            "too large",
            "too many slots",
            "variadic",
        ]
    );
}

fn memory(blob: &Blob) -> KernelBtf {
    let origin = Origin::Memory("a BTF of the test's".to_owned());
    KernelBtf::from_bytes(&blob.to_bytes(), origin).unwrap()
}

/// Functions each of which has one thing that no context can hold.
fn odd_functions(order: ByteOrder) -> Blob {
    let mut blob = Blob::new(order);
    let int = blob.int("int", 4);
    let float = blob.add("double", sys::BTF_KIND_FLOAT, 0, 8, &[]);
    let odd = blob.int("odd", 3);
    let array = blob.array(int, 4);
    let declared = blob.add("declared", sys::BTF_KIND_FWD, 0, 0, &[]);
    let small = blob.structure("small", 4, &[("a", int, 0)]);
    let large = blob.structure("large", 24, &[("a", int, 0)]);
    let empty = blob.structure("empty", 0, &[]);
    // A typedef of itself.
    let circle = blob.typedef("circle", 0);
    blob.get_mut(circle).words[2] = circle;

    blob.func("variadic", 0, &[("a", int), ("", 0)]);
    blob.func("void_in_front", 0, &[("a", 0), ("b", int)]);
    blob.func("returns_struct", small, &[]);
    blob.func("returns_float", float, &[]);
    blob.func("returns_array", array, &[]);
    blob.func("many", int, &[("a", int); 13]);
    blob.func("just_enough", int, &[("a", int); 12]);
    blob.func("takes_large", 0, &[("big", large)]);
    blob.func("takes_small", 0, &[("little", small)]);
    blob.func("takes_float", 0, &[("x", float)]);
    blob.func("takes_odd", 0, &[("x", odd)]);
    blob.func("takes_array", 0, &[("x", array)]);
    blob.func("takes_declared", 0, &[("x", declared)]);
    blob.func("takes_empty", 0, &[("x", empty)]);
    blob.func("takes_circle", 0, &[("x", circle)]);
    blob.func("bad_name", 0, &[("a; b", int)]);
    let probestub = [("__data", int), ("a", int)];
    blob.func("__probestub_lost", 0, &probestub);
    blob
}

/// What is said of them.
fn reasons() -> Vec<(&'static str, Unsupported)> {
    let odd_type = |name: &str, kind| Unsupported::OddType {
        name: name.to_owned(),
        kind,
    };
    let x = |kind| odd_type("x", kind);
    vec![
        ("variadic", Unsupported::Variadic),
        ("void_in_front", odd_type("a", "void")),
        ("returns_struct", Unsupported::ReturnsStruct),
        (
            "returns_float",
            Unsupported::ReturnsOther("floating point number"),
        ),
        ("returns_array", Unsupported::ReturnsOther("array")),
        ("many", Unsupported::TooManySlots(13)),
        (
            "takes_large",
            Unsupported::TooLarge {
                name: "big".to_owned(),
                size: 24,
            },
        ),
        ("takes_float", x("floating point number")),
        ("takes_odd", x("number of an odd size")),
        ("takes_array", x("array")),
        ("takes_declared", x("struct that is only declared")),
        ("takes_empty", x("struct without members")),
        ("takes_circle", x("type that refers to itself")),
        ("bad_name", Unsupported::BadArgumentName("a; b".to_owned())),
    ]
}

/// Every reason, on a BTF made for it, in either byte order.
#[test]
fn every_reason() {
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let kernel = memory(&odd_functions(order));
        for (name, reason) in reasons() {
            for family in ["fentry", "fexit"] {
                let said = unsupported(&kernel, &format!("{family}/{name}"));
                assert_eq!(said, reason, "{order} {family}/{name}");
            }
        }
        let lost = unsupported(&kernel, "tp_btf/lost");
        assert_eq!(lost, Unsupported::NoTracepointTypedef);
        match order {
            ByteOrder::Little => {
                let context = context(&kernel, "fentry/takes_small");
                assert_eq!(slots(&context).0.fields[0].size, 4);
            }
            ByteOrder::Big => assert_eq!(
                unsupported(&kernel, "fentry/takes_small"),
                Unsupported::BigEndianStruct("little".to_owned())
            ),
        }
        let context = context(&kernel, "fentry/just_enough");
        assert_eq!(slots(&context).0.size, 96);
    }
}

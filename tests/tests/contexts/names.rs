//! Where argument names are from.

use ctxgen::Context;
use ctxgen::KernelBtf;
use ctxgen::Origin;
use ctxgen::PrototypeError;
use ctxgen::layout::Unsupported;
use ctxgen::prototype::NamesFrom;
use ctxgen::render;
use ctxgen_tests::blob::Blob;
use ctxgen_tests::blob::NAME;
use ctxgen_tests::fixture;
use libbpf_rs::libbpf_sys as sys;

use crate::hooks::context;
use crate::hooks::field_names;
use crate::hooks::hook;
use crate::hooks::open_fixture;
use crate::hooks::slots;

const SWITCH: &str = "tp_btf/sched_switch";
const SWITCH_NAMES: [&str; 4] = ["preempt", "prev", "next", "prev_state"];

fn blob(fixture_name: &str) -> Blob {
    Blob::parse(&std::fs::read(fixture(fixture_name).btf).unwrap())
}

fn kernel(blob: &Blob) -> KernelBtf {
    let origin = Origin::Memory("a changed fixture".to_owned());
    KernelBtf::from_bytes(&blob.to_bytes(), origin).unwrap()
}

/// A fixture in which functions have other names, as if they were not there.
fn without(fixture_name: &str, functions: &[&str]) -> Blob {
    let mut blob = blob(fixture_name);
    for name in functions {
        blob.rename(sys::BTF_KIND_FUNC, name, "another_function");
    }
    blob
}

fn names_from(kernel: &KernelBtf, name: &str) -> NamesFrom {
    slots(&context(kernel, name)).1.clone()
}

fn func(name: &str) -> NamesFrom {
    NamesFrom::Func(name.to_owned())
}

#[test]
fn the_best_function_is_asked_first() {
    let all = [
        "__probestub_sched_switch",
        "__traceiter_sched_switch",
        "__bpf_trace_sched_switch",
    ];
    for fixture in [
        "6.12-aarch64",
        "6.12-s390x",
        "6.12-x86_64-clang",
        "7.2-x86_64",
    ] {
        for (number, name) in all.iter().enumerate() {
            let kernel = kernel(&without(fixture, &all[..number]));
            assert_eq!(names_from(&kernel, SWITCH), func(name), "{fixture}");
            assert_eq!(field_names(&kernel, SWITCH), SWITCH_NAMES, "{fixture}");
        }
    }
}

#[test]
fn older_kernels_have_fewer_functions() {
    for (fixture, names) in [
        ("5.10-x86_64", &["preempt", "prev", "next"][..]),
        ("6.1-x86_64", &SWITCH_NAMES),
    ] {
        let kernel = open_fixture(fixture);
        assert_eq!(
            names_from(&kernel, SWITCH),
            func("__traceiter_sched_switch"),
            "{fixture}"
        );
        assert_eq!(field_names(&kernel, SWITCH), names, "{fixture}");
    }
}

const WAKEUP: &str = "tp_btf/sched_wakeup";
const OF_WAKEUP: [&str; 2] = ["__probestub_sched_wakeup", "__traceiter_sched_wakeup"];

/// Of one class, there is only one function for several events.
#[test]
fn a_class_lends_its_names() {
    let blob = without("7.2-x86_64", &OF_WAKEUP);
    let kernel = kernel(&blob);
    let NamesFrom::Func(class) = names_from(&kernel, WAKEUP) else {
        panic!("no function");
    };
    assert!(class.starts_with("__bpf_trace_"), "{class}");
    assert_ne!(class, "__bpf_trace_sched_wakeup");
    assert_eq!(field_names(&kernel, WAKEUP), ["p"]);
}

#[test]
fn classes_that_disagree_lend_none() {
    let mut blob = without("7.2-x86_64", &OF_WAKEUP);
    let [class] = blob.find(sys::BTF_KIND_FUNC, "__bpf_trace_sched_wakeup_template")[..] else {
        panic!("no class");
    };
    let proto = blob.get(blob.get(class).words[2]).clone();
    let types: Vec<u32> = proto.pairs().map(|(_, ty)| ty).collect();
    let params: Vec<(&str, u32)> = ["__data", "other"].into_iter().zip(types).collect();
    blob.func("__bpf_trace_zzz", 0, &params);
    let kernel = kernel(&blob);
    assert_eq!(names_from(&kernel, WAKEUP), NamesFrom::Nowhere);
    assert_eq!(field_names(&kernel, WAKEUP), ["arg0"]);
}

/// A function of the right name and of other types is not the tracepoint's.
#[test]
fn types_have_to_be_equal() {
    let mut blob = blob("7.2-x86_64");
    let [stub] = blob.find(sys::BTF_KIND_FUNC, "__probestub_sched_switch")[..] else {
        panic!("no stub");
    };
    // A prototype of its own, in which the last two arguments have changed places.
    let mut proto = blob.get(blob.get(stub).words[2]).clone();
    proto.words.swap(4 + 2 * 3, 4 + 2 * 4);
    blob.types.push(proto);
    blob.get_mut(stub).words[2] = u32::try_from(blob.types.len()).unwrap();
    assert_eq!(
        names_from(&kernel(&blob), SWITCH),
        func("__traceiter_sched_switch")
    );
}

#[test]
fn without_a_function_arguments_are_numbered() {
    let kernel = open_fixture("5.10-x86_64");
    for (hook, names) in [
        ("tp_btf/cpu_idle", &["arg0", "arg1"][..]),
        ("raw_tp/clock_enable", &["arg0", "arg1", "arg2"]),
    ] {
        assert_eq!(names_from(&kernel, hook), NamesFrom::Nowhere);
        assert_eq!(field_names(&kernel, hook), names);
    }
}

/// `arg2` and its like may be what the kernel's source says.
#[test]
fn numbers_may_be_names() {
    for fixture in ["5.10-x86_64", "7.2-x86_64"] {
        let kernel = open_fixture(fixture);
        let names = ["option", "arg2", "arg3", "arg4", "arg5", "ret"];
        assert_eq!(field_names(&kernel, "lsm/task_prctl"), names);
        let from = names_from(&kernel, "lsm/task_prctl");
        assert_eq!(from, func("bpf_lsm_task_prctl"));
    }
    let kernel = open_fixture("7.2-x86_64");
    assert_eq!(
        field_names(&kernel, "tp_btf/task_prctl_unknown"),
        ["option", "arg2", "arg3", "arg4", "arg5"]
    );
}

/// What a kfunc takes and its callers do not pass is an argument to those who attach to it.
#[test]
fn implicit_arguments_count() {
    let kernel = open_fixture("7.2-x86_64");
    let hook = "fentry/bpf_stream_vprintk";
    assert_eq!(
        field_names(&kernel, hook),
        ["stream_id", "fmt__str", "args", "len__sz", "aux"]
    );
    assert_eq!(names_from(&kernel, hook), func("bpf_stream_vprintk_impl"));
    // What is only called so is another function.
    let mut blob = blob("7.2-x86_64");
    let tags: Vec<u32> = blob
        .with_ids()
        .filter(|(_, ty)| ty.kind() == sys::BTF_KIND_DECL_TAG)
        .map(|(id, _)| id)
        .collect();
    assert!(!tags.is_empty());
    for id in tags {
        let other = blob.string("another_tag");
        blob.get_mut(id).words[NAME] = other;
    }
    let kernel = self::kernel(&blob);
    assert_eq!(
        field_names(&kernel, hook),
        ["stream_id", "fmt__str", "args", "len__sz"]
    );
}

/// Names that the compiler has taken, and that of the returned value.
#[test]
fn taken_names_give_way() {
    for (fixture, hook, has) in [
        ("7.2-x86_64", "fentry/dev_xdp_propagate", "bpf_"),
        ("5.10-x86_64", "fentry/xdp_attachment_setup", "bpf_"),
        ("6.12-aarch64", "fentry/ext4_init_inode_table", "barrier_"),
        ("6.12-x86_64-clang", "fexit/__pidfd_prepare", "ret_"),
        ("6.12-x86_64-clang", "fentry/__pidfd_prepare", "ret"),
    ] {
        let names = field_names(&open_fixture(fixture), hook);
        assert!(names.iter().any(|name| name == has), "{hook}: {names:?}");
    }
    let mut blob = Blob::new(ctxgen::ByteOrder::Little);
    let int = blob.int("int", 4);
    blob.func("f", int, &[("ret", int), ("ret_", int), ("default", int)]);
    let kernel = self::kernel(&blob);
    assert_eq!(
        field_names(&kernel, "fexit/f"),
        ["ret_", "ret__", "default_", "ret"]
    );
    assert_eq!(
        field_names(&kernel, "fentry/f"),
        ["ret", "ret_", "default_"]
    );
}

#[test]
fn no_arguments_need_no_names() {
    let mut blob = Blob::new(ctxgen::ByteOrder::Big);
    let int = blob.int("int", 4);
    blob.func("f", int, &[]);
    blob.tracepoint("tp", &[]);
    let kernel = kernel(&blob);
    for hook in ["fentry/f", "tp_btf/tp", "raw_tp/tp"] {
        assert_eq!(names_from(&kernel, hook), NamesFrom::NoArguments, "{hook}");
        assert_eq!(field_names(&kernel, hook), [""; 0], "{hook}");
    }
    assert_eq!(field_names(&kernel, "fexit/f"), ["ret"]);
}

/// Kernels that clang built have lost `btf_trace_` typedefs: plain raw tracepoints work all the
/// same, and others say why they do not.
#[test]
fn without_a_typedef_raw_tracepoints_remain() {
    for fixture in ["6.12-s390x", "6.12-x86_64-clang"] {
        let kernel = open_fixture(fixture);
        let raw = context(&kernel, "raw_tp/sched_wakeup_new");
        assert_eq!(field_names(&kernel, "raw_tp/sched_wakeup_new"), ["p"]);
        assert_eq!(slots(&raw).1, &func("__probestub_sched_wakeup_new"));
        match Context::of_hook(&kernel, &hook("tp_btf/sched_wakeup_new")) {
            Err(PrototypeError::Unsupported {
                reason: Unsupported::NoTracepointTypedef,
                ..
            }) => {}
            other => panic!("{other:?}"),
        }

        // The struct's name stands for what can be attached to.
        let of_struct = hook("btf_trace_sched_wakeup_new_ctx");
        let context = Context::of_struct(&kernel, &of_struct).unwrap();
        let hooks: Vec<_> = context.hooks.iter().map(ToString::to_string).collect();
        assert_eq!(hooks, ["raw_tp/sched_wakeup_new"]);
        let ctx = ctxgen::CtxBtf::new(&kernel, [context]).unwrap();
        let header = render::header(&ctx).unwrap();
        assert!(
            header.contains("Not tp_btf/sched_wakeup_new: the kernel's BTF lacks the typedef"),
            "{header}"
        );
        // Others have theirs.
        assert_eq!(field_names(&kernel, WAKEUP), ["p"]);
    }
}

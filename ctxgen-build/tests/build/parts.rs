//! Parts of pointers, and of fields that are pointers to the verifier alone.

use ctxgen_build::Error;

use crate::support::Order;
use crate::support::Project;
use crate::support::kernel;
use crate::support::kernel_with;

/// Slots that are declared as such: what is in them is the kernel's to say.
#[test]
fn of_slots_without_a_struct() {
    let project = |slot: u32| {
        Project::with(&format!(
            "SEC(\"tp_btf/sched_switch\") int part(unsigned long long *ctx)\n\
             {{\n\treturn *(unsigned int *)&ctx[{slot}] != 0;\n}}\n"
        ))
    };
    let later = kernel_with("7.2-parts", Order::Little, &[]);
    let error = project(1).prog().btf(&later).generate().unwrap_err();
    let Error::Refused(refused) = &error else {
        panic!("{error}");
    };
    assert_eq!(refused[0].program, "part");
    // Of a kernel without a release, it may be.
    let warnings = project(1)
        .prog()
        .btf(kernel(Order::Little))
        .generate()
        .unwrap()
        .warnings;
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    // The first slot has a number.
    let warnings = project(0).prog().btf(&later).generate().unwrap().warnings;
    assert_eq!(warnings, [""; 0]);
}

/// Of two fields that clang loads as one number, each is loaded by itself, and then shifted.
#[test]
fn of_a_packets_address() {
    let project = |text: &str| {
        Project::with(&format!(
            "SEC(\"xdp\") int part(struct xdp_md *ctx)\n{{\n\t{text}\n}}\n"
        ))
    };
    let both = "u64 both = *(u64 *)&ctx->data;\n\n\treturn both == 3;";
    let error = project(both)
        .prog()
        .btf(kernel(Order::Little))
        .generate()
        .unwrap_err();
    let Error::Refused(_) = &error else {
        panic!("{error}");
    };
    let said = error.to_string();
    for part in [
        "which is an address for the verifier",
        "\n    u64 both = *(u64 *)&ctx->data;\n",
    ] {
        assert!(said.contains(part), "{said}");
    }
    for text in [
        "return (void *)(long)ctx->data + 14 > (void *)(long)ctx->data_end;",
        "return (u32)(ctx->data_end - ctx->data) / 2;",
    ] {
        let built = project(text).prog().btf(kernel(Order::Little)).generate();
        assert_eq!(built.unwrap().warnings, [""; 0], "{text}");
    }
}

/// The verifier takes additions and subtractions with a context's address, and a number that is made of it in
/// another way is none.
#[test]
fn of_a_contexts_address() {
    for (value, is_taken) in [
        ("(long)ctx & 0xff", false),
        ("(u64)ctx >> 3", false),
        ("(long)ctx", true),
        ("(char *)&ctx->next - (char *)ctx", true),
        ("(long)ctx > 5", true),
    ] {
        let project = Project::with(&format!(
            "long out;\nSEC(\"tp_btf/sched_switch\") int part(struct btf_trace_sched_switch_ctx *ctx)\n\
             {{\n\tout = {value};\n\treturn 0;\n}}\n"
        ));
        let built = project.prog().btf(kernel(Order::Little)).generate();
        match (built, is_taken) {
            (Ok(_), true) => {}
            (Err(Error::Refused(refused)), false) => {
                let said = refused[0].to_string();
                assert!(
                    said.contains("calculates with the address of its context"),
                    "{said}"
                );
            }
            (built, _) => panic!("{value}: {built:?}"),
        }
    }
}

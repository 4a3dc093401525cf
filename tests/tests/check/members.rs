//! Members of `struct_ops`.

use ctxgen::check::Verdict;
use ctxgen::check::check;

use super::build_text;
use super::kernel;
use super::of;

const OPS: &str = "SEC(\"struct_ops/any\")\n\
                   int dispatches(struct btf_struct_ops_sched_ext_ops_dispatch_ctx *ctx) { return !ctx_get(ctx, prev); }\n\
                   SEC(\"struct_ops\")\n\
                   u32 halves(struct btf_struct_ops_tcp_congestion_ops_ssthresh_ctx *ctx) { return !ctx->sk; }\n\
                   SEC(\".struct_ops\")\n\
                   struct tcp_congestion_ops tcp = { .ssthresh = (void *)halves };\n";

#[test]
fn members_of_struct_ops() {
    let absent = Verdict::Absent("the kernel does not have it".to_owned());
    for relocatable in [false, true] {
        let object = build_text(OPS, "7.2-x86_64", relocatable);
        let fine = match relocatable {
            true => Verdict::Relocatable,
            false => Verdict::Agrees,
        };
        let newest = check(&object, &kernel("7.2-x86_64")).unwrap();
        for program in ["dispatches", "halves"] {
            assert_eq!(of(&newest, program).verdict, fine, "{program}");
        }
        let oldest = check(&object, &kernel("5.10-x86_64")).unwrap();
        assert_eq!(of(&oldest, "halves").verdict, fine);
        assert_eq!(of(&oldest, "dispatches").verdict, absent);
    }
}

/// The build says so before; another compiler does not.
#[test]
fn another_member_than_that_of_the_context() {
    let object = build_text(OPS, "7.2-x86_64", false);
    let right = b"ssthresh\0";
    // The member is called otherwise, in the object's own types.
    let at = object.windows(right.len()).position(|text| text == right);
    let mut object = object.clone();
    object[at.unwrap()..][..right.len()].copy_from_slice(b"cong_avo\0");
    let all = check(&object, &kernel("7.2-x86_64")).unwrap();
    let should_be = "btf_struct_ops_tcp_congestion_ops_cong_avo_ctx".to_owned();
    assert_eq!(
        of(&all, "halves").verdict,
        Verdict::WrongStruct { should_be }
    );
}

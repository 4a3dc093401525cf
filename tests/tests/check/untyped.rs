//! Programs whose argument is `void *`, as aya's macros make them of Rust's: the context is the one that they
//! read.

use ctxgen::check::Verdict;
use ctxgen::check::check;

use crate::KERNELS;
use crate::build_text;
use crate::kernel;
use crate::of;

const UNTYPED: &str = "SEC(\"fentry/vfs_unlink\")\n\
     int unlink_enter(void *ctx) { return !((struct btf_fentry_vfs_unlink_ctx *)ctx)->dentry; }\n\
     SEC(\"fexit/vfs_unlink\")\n\
     int unlink_exit(void *ctx) { return ctx_get((struct btf_fexit_vfs_unlink_ctx *)ctx, ret); }\n\
     SEC(\"tp_btf/sched_switch\")\n\
     int other(void *ctx) { return !((struct btf_fentry_vfs_unlink_ctx *)ctx)->dentry; }\n";

#[test]
fn the_context_is_what_is_read() {
    let object = build_text(UNTYPED, "6.1-x86_64", true);
    for name in KERNELS {
        let checked = check(&object, &kernel(name)).unwrap();
        for (program, context) in [
            ("unlink_enter", "btf_fentry_vfs_unlink_ctx"),
            ("unlink_exit", "btf_fexit_vfs_unlink_ctx"),
        ] {
            let checked = of(&checked, program);
            assert_eq!(checked.r#struct.as_deref(), Some(context));
            assert_eq!(checked.verdict, Verdict::Relocatable, "{name}: {checked}");
        }
        // Another hook's is nothing that the program claims.
        assert_eq!(of(&checked, "other").r#struct, None, "{name}");
    }
}

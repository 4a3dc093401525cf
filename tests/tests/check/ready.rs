//! Ready-made objects in builds for other kernels than that which they were built for.

use std::path::Path;

use ctxgen_build::Artifacts;
use ctxgen_build::Builder;
use ctxgen_build::Error;
use ctxgen_tests::fixture;

use super::TOP;
use super::build;

/// Builds for 5.10 with an object for 6.1 of a program on `sched_switch`.
fn built(folder: &Path, body: &str) -> Result<Artifacts, Error> {
    let source = folder.join("prog.bpf.c");
    let program = "SEC(\"tp_btf/sched_switch\") int prog(struct btf_trace_sched_switch_ctx *ctx)";
    std::fs::write(&source, format!("{TOP}{program} {{ {body} }}\n")).unwrap();
    let object = folder.join("prog.bpf.o");
    std::fs::write(&object, build(&source, &fixture("6.1-x86_64").btf, false)).unwrap();
    Builder::new()
        .obj(object)
        .btf(fixture("5.10-x86_64").btf)
        .target("x86_64-unknown-linux-gnu")
        .out_dir(folder.join("out"))
        .generate()
}

/// 5.10 lacks the last argument, and has the others where they are.
#[test]
fn what_is_not_read_may_differ() {
    let folder = tempfile::tempdir().unwrap();
    let made = built(folder.path(), "return !ctx->prev;").unwrap();
    assert_eq!(made.objects[0].name, "prog");
    let error = built(folder.path(), "return ctx_get(ctx, prev_state);").unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("removed: unsigned int prev_state"),
        "{error}"
    );
}

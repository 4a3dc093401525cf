//! What tracefs says of trace events.

use std::path::Path;
use std::path::PathBuf;

use ctxgen_build::Builder;

use crate::support::Project;

/// Without the helpers, which need more types than a trimmed BTF has.
const SOURCE: &str = r#"#include "vmlinux.h"
#include "ctx.h"

#define SEC(name) __attribute__((section(name), used))

SEC("tp/block/block_rq_issue")
int prog(struct btf_tp_block_block_rq_issue_ctx *ctx)
{
	return ctx->bytes + ctx->rwbs[0] + ctx_data_len(ctx, cmd) + (ctx_data(ctx, cmd) != (char *)0);
}
"#;

const FORMAT: &str = "name: block_rq_issue\nID: 1\nformat:
	field:dev_t dev;	offset:8;	size:4;	signed:0;
	field:sector_t sector;	offset:16;	size:8;	signed:0;
	field:unsigned int nr_sector;	offset:24;	size:4;	signed:0;
	field:unsigned int bytes;	offset:28;	size:4;	signed:0;
	field:unsigned short ioprio;	offset:32;	size:2;	signed:0;
	field:char rwbs[10];	offset:34;	size:10;	signed:0;
	field:char comm[16];	offset:44;	size:16;	signed:0;
	field:__data_loc char[] cmd;	offset:60;	size:4;	signed:0;
";

fn builder(project: &Project) -> Builder {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    Builder::new()
        .source(project.path("prog.bpf.c"))
        .btf(fixtures.join("7.2-x86_64.btf"))
        .target("x86_64-unknown-linux-gnu")
        .out_dir(project.path("out"))
}

#[test]
fn they_settle_what_btf_leaves_open() {
    let project = Project::new();
    project.file("prog.bpf.c", SOURCE);
    let error = builder(&project).generate().unwrap_err().to_string();
    for part in ["trace_event_raw_block_rq", "Builder::formats", "prog.bpf.c"] {
        assert!(error.contains(part), "{error}");
    }
    project.file("events/block/block_rq_issue/format", FORMAT);
    let formats: PathBuf = project.path("events");
    let artifacts = builder(&project).formats(&formats).generate();
    let artifacts = artifacts.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(artifacts.warnings, [""; 0]);
    assert!(artifacts.depends_on.contains(&formats), "{artifacts:?}");
    let structs = &artifacts.objects[0].structs;
    assert_eq!(*structs, ["btf_tp_block_block_rq_issue_ctx"]);

    let missing = builder(&project).formats(project.path("nowhere"));
    let error = missing.generate().unwrap_err().to_string();
    assert!(error.contains("Builder::formats"), "{error}");
}

/// Which macros `ctx.h` has depends on what is asked for, and what depends on them cannot be asked for.
#[test]
fn contexts_that_depend_on_macros_of_contexts() {
    let project = Project::new();
    let more = "#ifdef ctx_data\nint f(struct btf_trace_sched_switch_ctx *ctx)\n\
                { return ctx->preempt; }\n#endif\n";
    let source = project.file("prog.bpf.c", &format!("{SOURCE}{more}"));
    let formats = project.path("events");
    project.file("events/block/block_rq_issue/format", FORMAT);
    let error = builder(&project).formats(&formats).generate().unwrap_err();
    let expected = format!(
        "\n{}:12:14: struct btf_trace_sched_switch_ctx is named on a condition that depends on the macros \
         of ctx.h, so that it is not found: ask for it with Builder::hook(\"tp_btf/sched_switch\")",
        source.display()
    );
    let error = error.to_string();
    assert!(error.ends_with(&expected), "{error}");
    let builder = builder(&project).formats(&formats);
    builder.hook("tp_btf/sched_switch").generate().unwrap();
}

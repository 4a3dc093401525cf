//! Pointers that may be NULL.

use ctxgen_build::Error;
use ctxgen_build::Refused;

use crate::support::Project;

fn refused(body: &str) -> Vec<Refused> {
    let project = Project::with(&format!(
        "int seen;\nSEC(\"iter/task\")\nint prog(struct bpf_iter__task *ctx)\n{{\n{body}\n\treturn 0;\n}}\n"
    ));
    match project.prog().generate() {
        Ok(_) => Vec::new(),
        Err(Error::Refused(refused)) => refused,
        Err(error) => panic!("{body}: {error}"),
    }
}

#[test]
fn are_compared_once_they_are_loaded() {
    let twice = "\tif (ctx->task)\n\t{\n\t\tasm volatile(\"\" ::: \"memory\");\n\t\tseen = ctx->task->pid;\n\t}";
    let found = refused(twice);
    let [found] = &found[..] else {
        panic!("{found:?}");
    };
    let said = found.to_string();
    for part in [
        "follows ctx->task, which may be NULL",
        "\n    seen = ctx->task->pid;\n",
        "\n    struct task_struct *task = ctx_get(ctx, task);\n    if (!task)",
    ] {
        assert!(said.contains(part), "{said}");
    }
    for (body, expected) in [
        ("\tseen = ctx->task->pid;", 1),
        ("\tseen = ctx->meta->seq != 0;", 0),
        ("\tseen = ctx->task != 0;", 0),
        (
            "\tstruct task_struct *task = ctx->task;\n\n\tif (task)\n\t\tseen = task->pid;",
            0,
        ),
    ] {
        assert_eq!(refused(body).len(), expected, "{body}");
    }
}

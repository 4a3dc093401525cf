//! Fields that programs of a kind do not have, and values that they do not follow.

use ctxgen_build::Error;

use crate::support::Project;

fn said(section: &str, context: &str, body: &str) -> Option<String> {
    let project = Project::with(&format!(
        "int seen;\nSEC(\"{section}\")\nint prog(struct {context} *ctx)\n{{\n\t{body}\n\treturn 0;\n}}\n"
    ));
    match project.prog().generate() {
        Ok(_) => None,
        Err(Error::Refused(refused)) => Some(refused[0].to_string()),
        Err(error) => panic!("{section}: {error}"),
    }
}

#[test]
fn of_other_programs_with_the_same_struct() {
    const ABSENT: &str = "ctx->mark, which programs of this section do not have";
    for (section, says) in [
        ("tc", ""),
        ("cgroup_skb/ingress", ""),
        ("sk_skb/stream_verdict", ABSENT),
        ("flow_dissector", ABSENT),
    ] {
        let said = said(section, "__sk_buff", "seen = ctx->mark;");
        assert_eq!(said.is_some(), !says.is_empty(), "{section}: {said:?}");
        assert!(said.unwrap_or_default().contains(says), "{section}");
    }
}

#[test]
fn handing_a_context_on_reads_no_field() {
    let body = "long (*load)(const void *, unsigned int, void *, unsigned int) = (void *)26;\n\
                unsigned char byte; load(ctx, 0, &byte, 1); seen = byte;";
    assert_eq!(said("flow_dissector", "__sk_buff", body), None);
}

#[test]
fn numbers_are_not_followed() {
    for (section, context, body, says) in [
        (
            "raw_tp/without_typedef",
            "btf_trace_without_typedef_ctx",
            "seen = ctx->p->pid;",
            "follows ctx->p, which is a number to the verifier",
        ),
        // The first argument of such a program is a buffer.
        (
            "raw_tp.w/without_typedef",
            "btf_trace_without_typedef_ctx",
            "seen = ctx->p->pid;",
            "",
        ),
        (
            "kprobe/vfs_unlink",
            "btf_kprobe_vfs_unlink_ctx",
            "seen = ctx->dentry->d_flags;",
            "follows ctx->dentry, which is a number to the verifier",
        ),
        (
            "kprobe/vfs_unlink",
            "btf_kprobe_vfs_unlink_ctx",
            "seen = ctx->dentry != 0;",
            "",
        ),
        (
            "raw_tp/sched_wakeup",
            "btf_trace_sched_wakeup_ctx",
            "seen = ctx->p->pid;",
            "as in BPF_CORE_READ(pointer, field)",
        ),
        (
            "tp_btf/sched_wakeup",
            "btf_trace_sched_wakeup_ctx",
            "seen = ctx->p->pid;",
            "",
        ),
    ] {
        let said = said(section, context, body);
        assert_eq!(
            said.is_some(),
            !says.is_empty(),
            "{section} {body}: {said:?}"
        );
        assert!(said.unwrap_or_default().contains(says), "{section} {body}");
    }
}

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Raw tracepoints, with the kernel's types and without. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u64 switches, forks, signals, exits, wakeups;

SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	if (ctx_get(ctx, preempt) && ctx->prev->pid != ctx->next->pid)
		__sync_fetch_and_add(&switches, 1);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int forked(struct btf_trace_sched_process_fork_ctx *ctx)
{
	if (ctx->parent->tgid != ctx->child->tgid)
		__sync_fetch_and_add(&forks, 1);
	return 0;
}

SEC("tp_btf/signal_generate")
int signalled(struct btf_trace_signal_generate_ctx *ctx)
{
	if (ctx_get(ctx, sig) == 9 && ctx_get(ctx, group))
		__sync_fetch_and_add(&signals, ctx->task->pid);
	return 0;
}

/* The verifier knows no types here: pointers are followed by helpers. */
SEC("raw_tp/sched_process_exit")
int exited(struct btf_trace_sched_process_exit_ctx *ctx)
{
	struct task_struct *task = ctx->p;

	if (BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
		__sync_fetch_and_add(&exits, 1);
	return 0;
}

SEC("raw_tracepoint/sched_wakeup")
int woken(struct btf_trace_sched_wakeup_ctx *ctx)
{
	struct task_struct *task = ctx->p;

	__sync_fetch_and_add(&wakeups, BPF_CORE_READ(task, prio));
	return 0;
}

/* Writable is what the tracepoint says; without a name, none is known. */
SEC("raw_tp.w")
int writable(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[0] != 0;
}

SEC("raw_tracepoint.w/sched_wakeup_new")
int writable_by_name(struct btf_trace_sched_wakeup_new_ctx *ctx)
{
	return ctx->p != 0;
}

SEC("raw_tracepoint")
int anywhere(struct btf_trace_sched_wakeup_ctx *ctx)
{
	return ctx->p != 0;
}

char LICENSE[] SEC("license") = "GPL";

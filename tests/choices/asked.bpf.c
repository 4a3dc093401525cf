// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.1
/* Contexts of which it is asked what they have. */
#include "choices.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch")
int of_ours(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	if (bpf_core_field_exists(ctx->next))
		t = ctx_get(ctx, next);
	else
		t = ctx_get(ctx, prev);
	seen = t->pid;
	return 0;
}

SEC("uprobe//usr/bin/user.o:handle")
int of_user_space(struct btf_uprobe_handle_ctx *ctx)
{
	seen = bpf_core_field_exists(ctx->priority) + ctx_get(ctx, priority);
	return 0;
}

SEC("tc")
int of_the_kernels(struct __sk_buff *ctx)
{
	seen = bpf_core_field_exists(ctx->tstamp_type) ? ctx_get(ctx, tstamp_type) : ctx_get(ctx, mark);
	return 0;
}

SEC("socket")
int of_the_type(struct __sk_buff *skb)
{
	if (bpf_core_field_exists(struct __sk_buff, hwtstamp))
		return bpf_core_field_offset(struct __sk_buff, gso_size);
	return bpf_core_field_size(skb->len);
}

SEC("perf_event")
int of_registers(struct bpf_perf_event_data *event)
{
	seen = bpf_core_field_exists(event->regs) && bpf_core_field_exists(event->addr);
	return 0;
}

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.15
/* Contexts of several hooks in one program, with arguments that nothing is done with. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} since SEC(".maps");

u64 total, softirqs[NR_SOFTIRQS], forks;

SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	u64 *at, now = bpf_ktime_get_ns();

	at = bpf_task_storage_get(&since, ctx->prev, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (at)
		*at = now;
	at = bpf_task_storage_get(&since, ctx->next, 0, 0);
	if (at && *at)
		__sync_fetch_and_add(&total, now - *at);
	return ctx_get(ctx, preempt);
}

SEC("tp_btf/softirq_entry")
int softirq(struct btf_trace_softirq_entry_ctx *ctx)
{
	u32 nr = ctx_get(ctx, vec_nr);

	if (nr < NR_SOFTIRQS)
		__sync_fetch_and_add(&softirqs[nr], nr != HRTIMER_SOFTIRQ);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int fork(struct btf_trace_sched_process_fork_ctx *ctx)
{
	forks++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Counts the forks, by the ids of who forks. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "forks.h"

u64 count[SLOTS];

SEC("tp_btf/sched_process_fork")
int forked(struct btf_trace_sched_process_fork_ctx *ctx)
{
	count[(u32)ctx->parent->pid % SLOTS]++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

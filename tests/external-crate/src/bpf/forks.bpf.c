// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Counts the forks of threads of one name, and notes the last. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "forks.h"

const volatile char wanted[COMM_LEN];

u64 count;
struct last_fork last;

SEC("tp_btf/sched_process_fork")
int forked(struct btf_trace_sched_process_fork_ctx *ctx)
{
	struct task_struct *parent = ctx->parent, *child = ctx->child;

	for (int i = 0; i < COMM_LEN; i++) {
		if (parent->comm[i] != wanted[i])
			return 0;
		if (!wanted[i])
			break;
	}

	last.parent_tid = parent->pid;
	last.child_tid = child->pid;
	last.child_pid = child->tgid;
	__sync_fetch_and_add(&count, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

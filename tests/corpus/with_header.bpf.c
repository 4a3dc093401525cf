// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* A header of the program's own, with functions, macros and types in it. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

#include "with_header.h"

SEC("iter/task")
int dump(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || !wanted(task))
		return 0;
	return age(task) > LIMIT;
}

char LICENSE[] SEC("license") = "GPL";

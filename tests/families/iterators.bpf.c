// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* What the kernel has, one by one, as text. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

#define PRINT(seq, format, value) ({							\
	static const char __format[] = format;						\
	u64 __value = value;								\
	bpf_seq_printf(seq, __format, sizeof(__format), &__value, sizeof(__value));	\
})

SEC("iter/task")
int task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task)
		PRINT(ctx->meta->seq, "%d\n", task->pid);
	return 0;
}

SEC("iter/task_file")
int file(struct bpf_iter__task_file *ctx)
{
	struct file *file = ctx->file;

	if (file)
		PRINT(ctx->meta->seq, "%d\n", ctx->fd);
	return 0;
}

SEC("iter/bpf_map")
int map(struct bpf_iter__bpf_map *ctx)
{
	struct bpf_map *map = ctx->map;

	if (map)
		PRINT(ctx->meta->seq, "%d\n", map->id);
	return 0;
}

SEC("iter.s/task")
int task_asleep(struct bpf_iter__task *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

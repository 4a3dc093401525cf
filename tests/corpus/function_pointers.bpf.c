// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Tables of functions: which is in a member, and the types they have. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

typedef typeof(((struct file_operations *)0)->read_iter) read_iter_t;

read_iter_t expected;
u32 same;

static int each(u32 index, void *data)
{
	same += index;
	return 0;
}

SEC("raw_tp/sock_exceed_buf_limit")
int compare(struct bpf_raw_tracepoint_args *ctx)
{
	struct file *file = (void *)ctx->args[0];
	const struct file_operations *ops = BPF_CORE_READ(file, f_op);
	struct proto *proto = (void *)ctx->args[1];
	work_func_t work = BPF_CORE_READ((struct work_struct *)file, func);

	if (BPF_CORE_READ(ops, read_iter) == expected)
		same++;
	if (BPF_CORE_READ(proto, sendmsg) == (void *)BPF_CORE_READ(ops, open))
		same++;
	return (u64)work > 1 ? bpf_loop(4, each, 0, 0) : 0;
}

char LICENSE[] SEC("license") = "GPL";

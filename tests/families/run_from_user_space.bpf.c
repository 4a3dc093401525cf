// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.14
/* Run from user space, with whatever that hands over. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

struct question {
	u32 a, b;
	u64 sum;
};

SEC("syscall")
int answer(struct question *ctx)
{
	ctx->sum = (u64)ctx->a + ctx->b;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

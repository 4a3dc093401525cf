// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* A function of another program, replaced. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

/* The function: it is looked up in the program that has been loaded before. */
__noinline int policy(struct __sk_buff *ctx)
{
	return ctx->len > 1500 ? 2 : 0;
}

SEC("tc")
int replaced(struct __sk_buff *ctx)
{
	return policy(ctx);
}

SEC("freplace/policy")
int replacement(struct __sk_buff *ctx)
{
	return ctx->len > 9000 ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";

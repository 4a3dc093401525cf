// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.4
/* Packets on their way through netfilter. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("netfilter")
int filter(struct bpf_nf_ctx *ctx)
{
	return ctx->skb->len > 9000 || ctx->state->pf == 10 ? 0 : 1;
}

char LICENSE[] SEC("license") = "GPL";

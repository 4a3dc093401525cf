// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Traffic control. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

#define OK 0
#define SHOT 2
#define NEXT -1

u64 bytes;

static __always_inline int count(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&bytes, ctx->len);
	return ctx->mark;
}

SEC("tc")
int classify(struct __sk_buff *ctx)
{
	return count(ctx) ? SHOT : OK;
}

SEC("classifier")
int classify_as_before(struct __sk_buff *ctx)
{
	return count(ctx);
}

SEC("action")
int act(struct __sk_buff *ctx)
{
	ctx->priority = 7;
	return OK;
}

SEC("tc/ingress")
int in(struct __sk_buff *ctx)
{
	u32 head;

	return bpf_skb_load_bytes(ctx, 0, &head, sizeof(head)) ? SHOT : OK;
}

SEC("tc/egress")
int out(struct __sk_buff *ctx)
{
	return ctx->protocol ? OK : SHOT;
}

SEC("tcx/ingress")
int in_a_row(struct __sk_buff *ctx)
{
	return count(ctx) ? SHOT : NEXT;
}

SEC("tcx/egress")
int out_in_a_row(struct __sk_buff *ctx)
{
	return ctx->ifindex ? NEXT : SHOT;
}

SEC("netkit/primary")
int of_host(struct __sk_buff *ctx)
{
	return count(ctx) ? SHOT : NEXT;
}

SEC("netkit/peer")
int of_container(struct __sk_buff *ctx)
{
	return ctx->hash ? NEXT : SHOT;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Tunnels, and packets that sockets get. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("lwt_in")
int in(struct __sk_buff *ctx)
{
	return ctx->len > 1500 ? BPF_DROP : BPF_OK;
}

SEC("lwt_out")
int out(struct __sk_buff *ctx)
{
	return ctx->mark ? BPF_DROP : BPF_OK;
}

SEC("lwt_xmit")
int sent(struct __sk_buff *ctx)
{
	return bpf_skb_change_head(ctx, 14, 0) ? BPF_DROP : BPF_OK;
}

SEC("lwt_seg6local")
int segment(struct __sk_buff *ctx)
{
	return ctx->hash ? BPF_OK : BPF_DROP;
}

SEC("socket")
int of_socket(struct __sk_buff *ctx)
{
	return ctx->protocol ? ctx->len : 0;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *ctx)
{
	struct bpf_flow_keys *keys = ctx->flow_keys;

	keys->thoff = keys->nhoff;
	return BPF_OK;
}

char LICENSE[] SEC("license") = "GPL";

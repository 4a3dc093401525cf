// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Sockets: streams, messages, lookup. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} group SEC(".maps");

SEC("sk_skb")
int stream(struct __sk_buff *ctx)
{
	return ctx->len ? SK_PASS : SK_DROP;
}

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *ctx)
{
	return ctx->len;
}

SEC("sk_skb/stream_verdict")
int redirect(struct __sk_buff *ctx)
{
	return bpf_sk_redirect_map(ctx, &sockets, ctx->remote_port & 1, 0);
}

SEC("sk_skb/verdict")
int verdict(struct __sk_buff *ctx)
{
	return ctx->local_port == 7 ? SK_DROP : SK_PASS;
}

SEC("sk_msg")
int message(struct sk_msg_md *ctx)
{
	return ctx->size > 1 ? bpf_msg_redirect_map(ctx, &sockets, 0, BPF_F_INGRESS) : SK_PASS;
}

SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *ctx)
{
	u32 key = ctx->local_port == 7;
	struct bpf_sock *sk = bpf_map_lookup_elem(&sockets, &key);
	long error;

	if (!sk)
		return SK_PASS;
	error = bpf_sk_assign(ctx, sk, BPF_SK_LOOKUP_F_REPLACE);
	bpf_sk_release(sk);
	return error ? SK_DROP : SK_PASS;
}

SEC("sk_reuseport")
int choose(struct sk_reuseport_md *ctx)
{
	u32 key = ctx->hash & 1;

	return bpf_sk_select_reuseport(ctx, &group, &key, 0) ? SK_DROP : SK_PASS;
}

SEC("sockops")
int operation(struct bpf_sock_ops *ctx)
{
	u32 key = 0;

	switch (ctx->op) {
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		bpf_sock_map_update(ctx, &sockets, &key, BPF_ANY);
		break;
	case BPF_SOCK_OPS_RTT_CB:
		ctx->reply = ctx->srtt_us >> 3;
		break;
	}
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

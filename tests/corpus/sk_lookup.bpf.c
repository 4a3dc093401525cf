// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* The lookup of sockets, and what is done with messages on them. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, u64);
} sockets SEC(".maps");

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

SEC("sockops")
int operation(struct bpf_sock_ops *ctx)
{
	u32 key = 0;

	switch (ctx->op) {
	case BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB:
	case BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB:
		bpf_sock_map_update(ctx, &sockets, &key, BPF_ANY);
		bpf_sock_ops_cb_flags_set(ctx, BPF_SOCK_OPS_RTT_CB_FLAG);
		break;
	case BPF_SOCK_OPS_RTT_CB:
		ctx->reply = ctx->srtt_us >> 3;
		break;
	}
	return 1;
}

SEC("sk_msg")
int message(struct sk_msg_md *msg)
{
	return msg->size > 1 ? bpf_msg_redirect_map(msg, &sockets, 0, BPF_F_INGRESS) : SK_PASS;
}

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *skb)
{
	return skb->len;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Sockets of a higher kind by casts, and a context used by name. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct life {
	u64 rx;
	u64 tx;
	u64 since;
	u16 lport;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, const struct sock *);
	__type(value, struct life);
} lives SEC(".maps");

SEC("tp_btf/inet_sock_set_state")
int state(struct btf_trace_inet_sock_set_state_ctx *ctx)
{
	const struct sock *sk = ctx->sk;
	struct tcp_sock *tp = (struct tcp_sock *)sk;
	struct inet_sock *inet = (struct inet_sock *)sk;
	struct life life = {}, *known;

	if (ctx_get(ctx, newstate) == TCP_ESTABLISHED) {
		life.since = bpf_ktime_get_ns();
		life.lport = inet->sk.__sk_common.skc_num;
		bpf_map_update_elem(&lives, &sk, &life, BPF_ANY);
		return 0;
	}
	if (ctx_get(ctx, newstate) != TCP_CLOSE)
		return 0;
	known = bpf_map_lookup_elem(&lives, &sk);
	if (!known)
		return 0;
	known->rx = tp->bytes_received;
	known->tx = tp->bytes_acked;
	return tp->inet_conn.icsk_retransmits;
}

char LICENSE[] SEC("license") = "GPL";

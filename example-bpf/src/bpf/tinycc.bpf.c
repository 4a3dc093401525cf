// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * A small TCP congestion control, and what becomes of the connections that use it.
 *
 * Shows struct_ops. Each program takes the context of the member that it is assigned
 * to below; the build checks that, as the sections say nothing to libbpf. The
 * algorithm is that of RFC 5681: slow start, then one packet more for each window
 * that was acknowledged, and half as many where one was lost.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#define MIN_CWND 2
#define ADDRESS_LEN 16

/* What a connection has come to, kept from its beginning on. */
struct connection {
	u64 begun_ns;
	/* What had been acknowledged before: of one that this side opened, its SYN. */
	u64 bytes_before;
	/* Acknowledgements, and packets that they were for. */
	u64 acks;
	u64 acked;
	u32 losses;
	u32 undone;
	u32 max_cwnd;
};

/* One connection that has ended, as user space receives it. */
struct tinycc_event {
	u64 time_ns;
	u64 duration_ns;
	/* Of data: what begins and ends a connection counts as a byte each to TCP, and is none. */
	u64 bytes_acked;
	u64 acks;
	u64 acked;
	u32 losses;
	u32 undone;
	u32 cwnd;
	u32 max_cwnd;
	u16 ipv6;
	u16 local_port;
	u16 remote_port;
	/* An IPv4 address is in the first four bytes. */
	u8 remote[ADDRESS_LEN];
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct tinycc_event *const tinycc_event_type = 0;

/* Connections that found the map full, and events that found the ring buffer full. */
u64 lost;

/* By the socket's address: it is the connection's from `init` to the end of both. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct connection);
} connections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static struct connection *connection_of(u64 sk)
{
	return bpf_map_lookup_elem(&connections, &sk);
}

SEC("struct_ops/tcp_congestion_ops/init")
void tinycc_init(struct btf_struct_ops_tcp_congestion_ops_init_ctx *ctx)
{
	struct tcp_sock *tp = (struct tcp_sock *)ctx->sk;
	struct connection connection = {
		.begun_ns = bpf_ktime_get_ns(),
		.bytes_before = tp->bytes_acked,
		.max_cwnd = tp->snd_cwnd,
	};
	u64 sk = (u64)ctx->sk;

	if (bpf_map_update_elem(&connections, &sk, &connection, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
}

/* Whether more could be sent at once: a window that is not used must not grow. */
static bool is_cwnd_limited(struct tcp_sock *tp)
{
	if (tp->snd_cwnd < tp->snd_ssthresh)
		return tp->snd_cwnd < 2 * tp->max_packets_out;
	return BPF_CORE_READ_BITFIELD(tp, is_cwnd_limited);
}

SEC("struct_ops/tcp_congestion_ops/cong_avoid")
void tinycc_cong_avoid(struct btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx *ctx)
{
	struct tcp_sock *tp = (struct tcp_sock *)ctx->sk;
	u32 acked = ctx_get(ctx, acked), cwnd = tp->snd_cwnd, room, count;
	struct connection *connection = connection_of((u64)ctx->sk);

	if (connection) {
		connection->acks++;
		connection->acked += acked;
	}
	if (!is_cwnd_limited(tp))
		return;

	if (cwnd < tp->snd_ssthresh) {
		room = tp->snd_ssthresh - cwnd;
		room = acked < room ? acked : room;
		cwnd += room;
		acked -= room;
	}
	count = tp->snd_cwnd_cnt + acked;
	if (acked && count >= cwnd) {
		count = 0;
		cwnd++;
	}
	if (cwnd > tp->snd_cwnd_clamp)
		cwnd = tp->snd_cwnd_clamp;
	tp->snd_cwnd_cnt = count;
	tp->snd_cwnd = cwnd;
	if (connection && cwnd > connection->max_cwnd)
		connection->max_cwnd = cwnd;
}

SEC("struct_ops/tcp_congestion_ops/ssthresh")
u32 tinycc_ssthresh(struct btf_struct_ops_tcp_congestion_ops_ssthresh_ctx *ctx)
{
	struct tcp_sock *tp = (struct tcp_sock *)ctx->sk;
	struct connection *connection = connection_of((u64)ctx->sk);
	u32 half = tp->snd_cwnd / 2;

	if (connection)
		connection->losses++;
	return half < MIN_CWND ? MIN_CWND : half;
}

/* What seemed lost was late: the window is as it was. */
SEC("struct_ops/tcp_congestion_ops/undo_cwnd")
u32 tinycc_undo_cwnd(struct btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx *ctx)
{
	struct tcp_sock *tp = (struct tcp_sock *)ctx->sk;
	struct connection *connection = connection_of((u64)ctx->sk);

	if (connection)
		connection->undone++;
	return tp->snd_cwnd > tp->prior_cwnd ? tp->snd_cwnd : tp->prior_cwnd;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops tinycc = {
	.init = (void *)tinycc_init,
	.cong_avoid = (void *)tinycc_cong_avoid,
	.ssthresh = (void *)tinycc_ssthresh,
	.undo_cwnd = (void *)tinycc_undo_cwnd,
	.name = "tinycc",
};

/* Whether this side's FIN was acknowledged, which `bytes_acked` counts as a byte. */
static bool fin_is_acked(const struct tcp_sock *tp, int state)
{
	switch (state) {
	case TCP_FIN_WAIT1:
	case TCP_FIN_WAIT2:
	case TCP_TIME_WAIT:
	case TCP_LAST_ACK:
	case TCP_CLOSING:
		/* It is the last that was written. */
		return BPF_CORE_READ(tp, snd_una) == BPF_CORE_READ(tp, write_seq);
	default:
		return false;
	}
}

/* A connection's end: `release` would be told, but not under which state the socket was. */
SEC("tp_btf/inet_sock_set_state")
int tinycc_end(struct btf_trace_inet_sock_set_state_ctx *ctx)
{
	const struct tcp_sock *tp = (const struct tcp_sock *)ctx->sk;
	u64 sk = (u64)ctx->sk;
	struct connection *connection;
	struct tinycc_event *event;

	if (ctx_get(ctx, newstate) != TCP_CLOSE)
		return 0;
	connection = connection_of(sk);
	if (!connection)
		return 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (event) {
		event->time_ns = bpf_ktime_get_ns();
		event->duration_ns = event->time_ns - connection->begun_ns;
		event->bytes_acked = BPF_CORE_READ(tp, bytes_acked) - connection->bytes_before -
				     fin_is_acked(tp, ctx_get(ctx, oldstate));
		event->acks = connection->acks;
		event->acked = connection->acked;
		event->losses = connection->losses;
		event->undone = connection->undone;
		event->cwnd = BPF_CORE_READ(tp, snd_cwnd);
		event->max_cwnd = connection->max_cwnd;
		/* `skc_num` is 0 again when the port has been given back. */
		event->local_port = __builtin_bswap16(BPF_CORE_READ(tp, inet_conn.icsk_inet.inet_sport));
		event->remote_port = __builtin_bswap16(ctx->sk->__sk_common.skc_dport);
		event->ipv6 = ctx->sk->__sk_common.skc_family == 10 /* AF_INET6 */;
		__builtin_memset(event->remote, 0, sizeof(event->remote));
		if (event->ipv6)
			BPF_CORE_READ_INTO(&event->remote, tp,
					   inet_conn.icsk_inet.sk.__sk_common.skc_v6_daddr.in6_u);
		else
			__builtin_memcpy(event->remote, &ctx->sk->__sk_common.skc_daddr, 4);
		bpf_ringbuf_submit(event, 0);
	} else {
		__sync_fetch_and_add(&lost, 1);
	}
	bpf_map_delete_elem(&connections, &sk);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * How long TCP connections take to be established, from connect() to the peer's answer.
 *
 * Shows kprobes and kretprobes. Their contexts are registers, which each architecture
 * has its own of; the struct has the function's arguments in them, by name. To the
 * verifier they are numbers, so that BPF_CORE_READ() follows them.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "task.h"

/* Macros in the kernel, of which BTF knows nothing. */
#define AF_INET 2
#define ECONNREFUSED 111

/* Where a TCP header has its flags, and what refuses a connection. */
#define TCP_FLAGS 13
#define TCP_RST 0x04

/* An established connection, or one that was refused, as user space receives it. */
struct connection {
	/* When it was answered. */
	u64 time_ns;
	u64 latency_ns;
	u32 pid;
	u32 tid;
	/* What connect() failed with itself, or that the peer refused; 0 for an established one. */
	s32 error;
	u16 family;
	u16 local_port;
	u16 remote_port;
	/* Of IPv4, the first four bytes. */
	u8 local[16];
	u8 remote[16];
	u8 comm[COMM_LEN];
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct connection *const connection_type = 0;

const volatile u64 min_latency_ns;
const volatile u32 only_pid;

/* Events that found the ring buffer full. */
u64 lost;

/* Who connects a socket: the answer comes in whatever task the processor is running then. */
struct begun {
	u64 at;
	u32 pid;
	u32 tid;
	u8 comm[COMM_LEN];
};

/* By the socket's address. Some are never answered: the oldest make room. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, struct begun);
} connecting SEC(".maps");

/* The socket that a task is in connect() with. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, u64);
} calling SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static __always_inline int begin(struct sock *sk)
{
	u64 pid_tgid = bpf_get_current_pid_tgid(), key = (u64)sk;
	struct begun begun = {};
	u32 tid = pid_tgid;

	begun.pid = pid_tgid >> 32;
	begun.tid = tid;
	if (only_pid && only_pid != begun.pid)
		return 0;
	begun.at = bpf_ktime_get_ns();
	bpf_get_current_comm(begun.comm, sizeof(begun.comm));
	bpf_map_update_elem(&connecting, &key, &begun, BPF_ANY);
	bpf_map_update_elem(&calling, &tid, &key, BPF_ANY);
	return 0;
}

static __always_inline void report(struct sock *sk, const struct begun *begun, s32 error)
{
	u64 now = bpf_ktime_get_ns(), latency_ns = now - begun->at;
	struct connection *event;
	u16 family;

	if (latency_ns < min_latency_ns)
		return;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	event->time_ns = now;
	event->latency_ns = latency_ns;
	event->pid = begun->pid;
	event->tid = begun->tid;
	event->error = error;
	event->family = family;
	event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	event->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	__builtin_memset(event->local, 0, sizeof(event->local));
	__builtin_memset(event->remote, 0, sizeof(event->remote));
	if (family == AF_INET) {
		u32 local = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		u32 remote = BPF_CORE_READ(sk, __sk_common.skc_daddr);

		__builtin_memcpy(event->local, &local, sizeof(local));
		__builtin_memcpy(event->remote, &remote, sizeof(remote));
	} else {
		bpf_core_read(event->local, sizeof(event->local),
			      &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(event->remote, sizeof(event->remote), &sk->__sk_common.skc_v6_daddr);
	}
	__builtin_memcpy(event->comm, begun->comm, sizeof(event->comm));
	bpf_ringbuf_submit(event, 0);
}

/* connect() has come back: from here on, only the peer's answer is awaited, if all went well. */
static __always_inline int called(int ret)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 *key = bpf_map_lookup_elem(&calling, &tid), sk;
	struct begun *begun;

	if (!key)
		return 0;
	sk = *key;
	bpf_map_delete_elem(&calling, &tid);
	if (!ret)
		return 0;
	begun = bpf_map_lookup_elem(&connecting, &sk);
	if (!begun)
		return 0;
	report((struct sock *)sk, begun, ret);
	bpf_map_delete_elem(&connecting, &sk);
	return 0;
}

SEC("kprobe/tcp_v4_connect")
int connect_v4(struct btf_kprobe_tcp_v4_connect_ctx *ctx)
{
	return begin(ctx->sk);
}

SEC("kprobe/tcp_v6_connect")
int connect_v6(struct btf_kprobe_tcp_v6_connect_ctx *ctx)
{
	return begin(ctx->sk);
}

SEC("kretprobe/tcp_v4_connect")
int connected_v4(struct btf_kretprobe_tcp_v4_connect_ctx *ctx)
{
	return called(ctx_get(ctx, ret));
}

SEC("kretprobe/tcp_v6_connect")
int connected_v6(struct btf_kretprobe_tcp_v6_connect_ctx *ctx)
{
	return called(ctx_get(ctx, ret));
}

/* A packet has come for a socket that is not established: of ours, the peer's answer. */
SEC("kprobe/tcp_rcv_state_process")
int answered(struct btf_kprobe_tcp_rcv_state_process_ctx *ctx)
{
	struct sk_buff *skb = ctx->skb;
	struct sock *sk = ctx->sk;
	u64 key = (u64)sk;
	struct begun *begun = bpf_map_lookup_elem(&connecting, &key);
	u8 flags = 0;

	if (!begun || BPF_CORE_READ(sk, __sk_common.skc_state) != TCP_SYN_SENT)
		return 0;
	bpf_probe_read_kernel(&flags, sizeof(flags),
			      BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, transport_header) +
				      TCP_FLAGS);
	report(sk, begun, flags & TCP_RST ? -ECONNREFUSED : 0);
	bpf_map_delete_elem(&connecting, &key);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

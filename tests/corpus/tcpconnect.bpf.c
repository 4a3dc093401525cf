// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* Members of a struct by value behind macros, and unions without names. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

struct flow {
	union {
		u32 v4;
		struct in6_addr v6;
	} saddr, daddr;
	u16 dport;
	u16 family;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct sock *);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4096);
	__uint(value_size, sizeof(struct flow));
} flows SEC(".maps");

SEC("kprobe/tcp_v4_connect")
int BPF_KPROBE(connect, struct sock *sk)
{
	u32 tid = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&sockets, &tid, &sk, 0);
	return 0;
}

SEC("kretprobe/tcp_v4_connect")
int BPF_KRETPROBE(connected, int ret)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct sock **skp = bpf_map_lookup_elem(&sockets, &tid);
	struct flow flow = {};
	struct sock *sk;

	if (!skp || ret)
		return 0;
	sk = *skp;
	BPF_CORE_READ_INTO(&flow.saddr.v4, sk, __sk_common.skc_rcv_saddr);
	BPF_CORE_READ_INTO(&flow.daddr.v4, sk, __sk_common.skc_daddr);
	BPF_CORE_READ_INTO(&flow.saddr.v6, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32);
	flow.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	flow.dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	bpf_map_push_elem(&flows, &flow, BPF_EXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Traffic control: a packet's metadata and its addresses. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define TC_ACT_OK 0
#define TC_ACT_SHOT 2

struct tuple {
	struct bpf_sock_tuple sock;
	u32 mark;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct tuple);
} last SEC(".maps");

SEC("tc")
int mark(struct __sk_buff *skb)
{
	u32 zero = 0;
	struct tuple *tuple = bpf_map_lookup_elem(&last, &zero);
	struct bpf_fib_lookup fib = {};
	struct bpf_sock *sk;
	struct iphdr ip;

	if (!tuple || bpf_skb_load_bytes(skb, sizeof(struct ethhdr), &ip, sizeof(ip)) < 0)
		return TC_ACT_SHOT;
	tuple->sock.ipv4.saddr = ip.saddr;
	tuple->sock.ipv4.daddr = ip.daddr;
	fib.ifindex = skb->ifindex;
	fib.ipv4_dst = ip.daddr;
	if (bpf_fib_lookup(skb, &fib, sizeof(fib), BPF_FIB_LOOKUP_DIRECT) == BPF_FIB_LKUP_RET_SUCCESS)
		return bpf_redirect(fib.ifindex, BPF_F_INGRESS);
	sk = bpf_skc_lookup_tcp(skb, &tuple->sock, sizeof(tuple->sock.ipv4), -1L, 0);
	if (sk) {
		tuple->mark = sk->mark + sk->state == BPF_TCP_LISTEN;
		bpf_sk_release(sk);
	}
	skb->mark = tuple->mark;
	skb->cb[0] = skb->hash;
	return TC_ACT_OK;
}

char LICENSE[] SEC("license") = "GPL";

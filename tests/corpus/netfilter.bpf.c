// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.12 x86_64 aarch64
/* A netfilter hook, whose packet is a pointer in its context. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define NF_DROP 0
#define NF_ACCEPT 1

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, u32 offset, void *buffer,
			      u32 size) __ksym;

SEC("netfilter")
int hook(struct bpf_nf_ctx *ctx)
{
	struct __sk_buff *skb = (struct __sk_buff *)ctx->skb;
	const struct nf_hook_state *state = ctx->state;
	struct bpf_dynptr ptr;
	struct iphdr *ip, copy;

	if (state->pf != NFPROTO_IPV4 || state->hook != NF_INET_LOCAL_IN)
		return NF_ACCEPT;
	if (bpf_dynptr_from_skb(skb, 0, &ptr))
		return NF_DROP;
	ip = bpf_dynptr_slice(&ptr, 0, &copy, sizeof(copy));
	return ip && ip->ttl > 1 && state->in->ifindex ? NF_ACCEPT : NF_DROP;
}

char LICENSE[] SEC("license") = "GPL";

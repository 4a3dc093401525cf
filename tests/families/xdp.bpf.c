// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Packets before the kernel has made much of them. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} packets SEC(".maps");

static __always_inline int only_ip(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *head = data;
	u64 *count;
	u32 key = 0;

	if (data + sizeof(*head) > end)
		return XDP_DROP;
	count = bpf_map_lookup_elem(&packets, &key);
	if (count)
		*count += 1;
	return head->h_proto == bpf_htons(0x0800) ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	return only_ip(ctx);
}

SEC("xdp.frags")
int filter_in_parts(struct xdp_md *ctx)
{
	return only_ip(ctx);
}

SEC("xdp/devmap")
int out(struct xdp_md *ctx)
{
	return ctx->egress_ifindex == ctx->ingress_ifindex ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags/devmap")
int out_in_parts(struct xdp_md *ctx)
{
	return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

SEC("xdp/cpumap")
int on_cpu(struct xdp_md *ctx)
{
	return only_ip(ctx);
}

SEC("xdp.frags/cpumap")
int on_cpu_in_parts(struct xdp_md *ctx)
{
	return ctx->rx_queue_index ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";

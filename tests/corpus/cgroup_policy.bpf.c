// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Programs on control groups: addresses, packets, devices, settings. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define DEVCG_CHAR 2

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, u64);
} bytes SEC(".maps");

SEC("cgroup/connect4")
int connect(struct bpf_sock_addr *ctx)
{
	struct sockaddr_in address = {
		.sin_family = 2,
		.sin_addr.s_addr = bpf_htonl(0x7f000001),
	};

	if (ctx->protocol != IPPROTO_TCP || ctx->type != SOCK_STREAM)
		return 1;
	return bpf_bind(ctx, (struct sockaddr *)&address, sizeof(address)) == 0;
}

SEC("cgroup_skb/egress")
int egress(struct __sk_buff *skb)
{
	u64 *count = bpf_get_local_storage(&bytes, 0);

	__sync_fetch_and_add(count, skb->len);
	return 1;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
	return (ctx->access_type & 0xffff) == DEVCG_CHAR && ctx->major != 1;
}

SEC("cgroup/sysctl")
int setting(struct bpf_sysctl *ctx)
{
	return !ctx->write;
}

SEC("cgroup/getsockopt")
int option(struct bpf_sockopt *ctx)
{
	if (ctx->optval + 1 > ctx->optval_end)
		return 0;
	ctx->retval = 0;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

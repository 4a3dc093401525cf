// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Control groups: packets, sockets, devices, settings. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 bytes;

SEC("cgroup_skb/ingress")
int in(struct __sk_buff *ctx)
{
	__sync_fetch_and_add(&bytes, ctx->len);
	return 1;
}

SEC("cgroup_skb/egress")
int out(struct __sk_buff *ctx)
{
	return ctx->mark != 7;
}

SEC("cgroup/skb")
int either(struct __sk_buff *ctx)
{
	return ctx->protocol != 0;
}

SEC("cgroup/sock")
int opened(struct bpf_sock *ctx)
{
	return ctx->family != 40;
}

SEC("cgroup/sock_create")
int created(struct bpf_sock *ctx)
{
	ctx->mark = 7;
	return ctx->type != 3;
}

SEC("cgroup/sock_release")
int released(struct bpf_sock *ctx)
{
	return ctx->protocol != 255;
}

SEC("cgroup/post_bind4")
int bound(struct bpf_sock *ctx)
{
	return ctx->src_port >= 1024;
}

SEC("cgroup/post_bind6")
int bound6(struct bpf_sock *ctx)
{
	return ctx->src_ip6[0] != 0 || ctx->src_port >= 1024;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
	return (ctx->access_type & 0xffff) == 2 && ctx->major != 1;
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

SEC("cgroup/setsockopt")
int option_is_set(struct bpf_sockopt *ctx)
{
	return ctx->level != 1 || ctx->optname != 36;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Addresses that a control group's sockets use. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define LOOPBACK bpf_htonl(0x7f000001)

SEC("cgroup/bind4")
int bind4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_port == bpf_htons(7))
		return 0;
	ctx->user_ip4 = LOOPBACK;
	return 1;
}

SEC("cgroup/bind6")
int bind6(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip6[3] != LOOPBACK || ctx->type != SOCK_RAW;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip4 == LOOPBACK || ctx->protocol == IPPROTO_UDP;
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip6[3] != LOOPBACK || ctx->type != SOCK_RAW;
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return ctx->msg_src_ip4 != LOOPBACK;
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return ctx->msg_src_ip6[3] != LOOPBACK;
}

SEC("cgroup/recvmsg4")
int recvmsg4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip4 == LOOPBACK)
		ctx->user_port = bpf_htons(7);
	return 1;
}

SEC("cgroup/recvmsg6")
int recvmsg6(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip6[3] == LOOPBACK)
		ctx->user_port = bpf_htons(7);
	return 1;
}

SEC("cgroup/getpeername4")
int getpeername4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip4 == LOOPBACK)
		ctx->user_port = bpf_htons(7);
	return 1;
}

SEC("cgroup/getpeername6")
int getpeername6(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip6[3] == LOOPBACK)
		ctx->user_port = bpf_htons(7);
	return 1;
}

SEC("cgroup/getsockname4")
int getsockname4(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip4 == LOOPBACK)
		ctx->user_port = bpf_htons(7);
	return 1;
}

SEC("cgroup/getsockname6")
int getsockname6(struct bpf_sock_addr *ctx)
{
	if (ctx->user_ip6[3] == LOOPBACK)
		ctx->user_port = bpf_htons(7);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.7
/* Addresses of Unix sockets in a control group. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("cgroup/connect_unix")
int connect(struct bpf_sock_addr *ctx)
{
	return ctx->type != SOCK_SEQPACKET;
}

SEC("cgroup/sendmsg_unix")
int sendmsg(struct bpf_sock_addr *ctx)
{
	return ctx->type != SOCK_SEQPACKET;
}

SEC("cgroup/recvmsg_unix")
int recvmsg(struct bpf_sock_addr *ctx)
{
	/* It cannot refuse. */
	return 1;
}

SEC("cgroup/getpeername_unix")
int getpeername(struct bpf_sock_addr *ctx)
{
	/* It cannot refuse. */
	return 1;
}

SEC("cgroup/getsockname_unix")
int getsockname(struct bpf_sock_addr *ctx)
{
	/* It cannot refuse. */
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

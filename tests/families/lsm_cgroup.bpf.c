// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.0
/* Security modules of a control group. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("lsm_cgroup/socket_bind")
int bind(struct btf_lsm_cgroup_socket_bind_ctx *ctx)
{
	return ctx_get(ctx, addrlen) < 16 ? 0 : 1;
}

SEC("lsm_cgroup/socket_post_create")
int created(struct btf_lsm_cgroup_socket_post_create_ctx *ctx)
{
	return ctx_get(ctx, kern) || ctx_get(ctx, family) != 40;
}

char LICENSE[] SEC("license") = "GPL";

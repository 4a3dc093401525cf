// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* The kernel's operations, implemented by programs. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("struct_ops/family_init")
void family_init(struct btf_struct_ops_tcp_congestion_ops_init_ctx *ctx)
{
}

SEC("struct_ops/family_ssthresh")
u32 family_ssthresh(struct btf_struct_ops_tcp_congestion_ops_ssthresh_ctx *ctx)
{
	return ((struct tcp_sock *)ctx->sk)->snd_cwnd >> 1;
}

SEC("struct_ops/family_cong_avoid")
void family_cong_avoid(struct btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx *ctx)
{
}

SEC("struct_ops/family_undo_cwnd")
u32 family_undo_cwnd(struct btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx *ctx)
{
	return ((struct tcp_sock *)ctx->sk)->snd_cwnd;
}

SEC(".struct_ops")
struct tcp_congestion_ops family = {
	.init = (void *)family_init,
	.ssthresh = (void *)family_ssthresh,
	.cong_avoid = (void *)family_cong_avoid,
	.undo_cwnd = (void *)family_undo_cwnd,
	.name = "ctxgen_family",
};

char LICENSE[] SEC("license") = "GPL";

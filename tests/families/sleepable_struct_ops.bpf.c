// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.12 x86_64 aarch64
/* The kernel's operations, implemented by a program that may sleep where the kernel calls it so. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("struct_ops/sleepable_ssthresh")
u32 sleepable_ssthresh(struct btf_struct_ops_tcp_congestion_ops_ssthresh_ctx *ctx)
{
	return ((struct tcp_sock *)ctx->sk)->snd_cwnd >> 1;
}

SEC("struct_ops/sleepable_cong_avoid")
void sleepable_cong_avoid(struct btf_struct_ops_tcp_congestion_ops_cong_avoid_ctx *ctx)
{
}

SEC("struct_ops.s/sleepable_undo_cwnd")
u32 sleepable_undo_cwnd(struct btf_struct_ops_tcp_congestion_ops_undo_cwnd_ctx *ctx)
{
	return ((struct tcp_sock *)ctx->sk)->snd_cwnd;
}

SEC(".struct_ops")
struct tcp_congestion_ops sleepable = {
	.ssthresh = (void *)sleepable_ssthresh,
	.cong_avoid = (void *)sleepable_cong_avoid,
	.undo_cwnd = (void *)sleepable_undo_cwnd,
	.name = "ctxgen_sleeps",
};

char LICENSE[] SEC("license") = "GPL";

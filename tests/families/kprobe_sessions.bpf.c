// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.13
/* One program at both ends of a call. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 reads, failures;

/* When the function is entered, the context has its arguments; when it returns, the other struct has `ret`. */
SEC("kprobe.session/vfs_read")
int read_session(struct btf_kprobe_vfs_read_ctx *ctx)
{
	struct btf_kretprobe_vfs_read_ctx *end = (void *)ctx;

	if (ctx->count)
		__sync_fetch_and_add(&reads, 1);
	if (end->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("kprobe.session/vfs_write")
int write_ends(struct btf_kretprobe_vfs_write_ctx *ctx)
{
	return ctx->ret < 0;
}

SEC("kprobe.session/tcp_*")
int any_session(struct pt_regs *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

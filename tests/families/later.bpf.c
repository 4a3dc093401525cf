// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Sections of libbpf 1.8: tracepoints that may sleep, and programs on several functions. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 opens, calls, reads, failures, others;

SEC("tp.s/syscalls/sys_enter_openat")
int open_asleep(struct btf_tp_syscalls_sys_enter_openat_ctx *ctx)
{
	char first = 0;

	bpf_probe_read_user(&first, sizeof(first), ctx->filename);
	if (first == '/')
		__sync_fetch_and_add(&opens, 1);
	return 0;
}

SEC("tracepoint.s/syscalls/sys_exit_openat")
int opened_asleep(struct btf_tp_syscalls_sys_exit_openat_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("raw_tp.s/sys_enter")
int enter_asleep(struct btf_trace_sys_enter_ctx *ctx)
{
	__sync_fetch_and_add(&calls, ctx->id);
	return 0;
}

SEC("raw_tracepoint.s/sys_exit")
int exit_asleep(struct btf_trace_sys_exit_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("tp_btf.s/sys_exit")
int exit_typed(struct btf_trace_sys_exit_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("fentry.multi/vfs_read")
int read_begins(struct btf_fentry_vfs_read_ctx *ctx)
{
	__sync_fetch_and_add(&reads, ctx->count);
	return 0;
}

/* Both have the same arguments. */
SEC("fentry.multi/vfs_read,vfs_write")
int either_begins(struct btf_fentry_vfs_write_ctx *ctx)
{
	__sync_fetch_and_add(&reads, ctx->count);
	return 0;
}

/* Whatever function it is: slots. */
SEC("fentry.multi.s/vfs_*")
int any_begins(unsigned long long *ctx)
{
	__sync_fetch_and_add(&others, ctx[0]);
	return 0;
}

SEC("fexit.multi/vfs_read,vfs_write")
int either_ends(struct btf_fexit_vfs_read_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, ctx->count);
	return 0;
}

SEC("fexit.multi.s/vfs_read")
int read_ends(struct btf_fexit_vfs_read_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("fsession.multi/vfs_write")
int write_session(struct btf_fsession_vfs_write_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, ctx->count);
	return 0;
}

SEC("fsession.multi.s/vfs_write,vfs_read")
int either_session(struct btf_fsession_vfs_read_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

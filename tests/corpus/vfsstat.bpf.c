// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Functions on entry and exit; one macro makes the programs. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

enum counted {
	READ,
	WRITE,
	FSYNC,
	OPEN,
	STATS,
};

u64 stats[STATS];

#define COUNT(func, stat, member)                                       \
	SEC("fentry/" #func)                                            \
	int count_##func(struct btf_fentry_vfs_read_ctx *ctx)           \
	{                                                               \
		__sync_fetch_and_add(&stats[stat], !!ctx->member);      \
		return 0;                                               \
	}

COUNT(vfs_read, READ, file)

SEC("fentry/vfs_fsync_range")
int sync(struct btf_fentry_vfs_fsync_range_ctx *ctx)
{
	__sync_fetch_and_add(&stats[FSYNC], ctx_get(ctx, datasync));
	return 0;
}

SEC("fexit/vfs_open")
int opened(struct btf_fexit_vfs_open_ctx *ctx)
{
	const struct path *path = ctx->path;

	if (ctx_get(ctx, ret))
		return 0;
	__sync_fetch_and_add(&stats[OPEN], path->dentry->d_inode->i_size > 0);
	return 0;
}

SEC("fmod_ret/security_file_permission")
int BPF_PROG(deny, struct file *file, int mask, int ret)
{
	return file->f_op->llseek && mask ? ret : 0;
}

char LICENSE[] SEC("license") = "GPL";

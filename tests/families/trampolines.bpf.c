// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Functions through trampolines: the verifier knows the types of their arguments. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

#define EPERM 1

u64 reads, failures, truncations;

SEC("fentry/vfs_read")
int read_begins(struct btf_fentry_vfs_read_ctx *ctx)
{
	if (ctx->count > 4096 && ctx->file->f_flags)
		__sync_fetch_and_add(&reads, 1);
	return 0;
}

SEC("fexit/vfs_read")
int read_ends(struct btf_fexit_vfs_read_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, ctx->count);
	return 0;
}

SEC("fentry/do_truncate")
int truncated(struct btf_fentry_do_truncate_ctx *ctx)
{
	if (ctx->dentry->d_inode->i_ino && ctx_get(ctx, time_attrs))
		__sync_fetch_and_add(&truncations, ctx->length);
	return 0;
}

SEC("fmod_ret/security_file_permission")
int forbidden(struct btf_fmod_ret_security_file_permission_ctx *ctx)
{
	int ret = ctx_get(ctx, ret);

	return ret ? ret : ctx_get(ctx, mask) & 1 ? -EPERM : 0;
}

char LICENSE[] SEC("license") = "GPL";

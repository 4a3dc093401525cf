// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Security modules. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

#define EPERM 1

u64 seen;

SEC("lsm/file_mprotect")
int mprotect(struct btf_lsm_file_mprotect_ctx *ctx)
{
	if (ctx->ret)
		return ctx_get(ctx, ret);
	return (ctx->prot & ctx->reqprot & 4) && !ctx->vma->vm_file ? -EPERM : 0;
}

SEC("lsm/file_open")
int open(struct btf_lsm_file_open_ctx *ctx)
{
	if (ctx->file->f_flags & 1)
		__sync_fetch_and_add(&seen, 1);
	return ctx_get(ctx, ret);
}

/* Nothing is returned by it, and it may sleep on all kernels. */
SEC("lsm.s/bprm_committed_creds")
int committed(struct btf_lsm_bprm_committed_creds_ctx *ctx)
{
	__sync_fetch_and_add(&seen, ctx->bprm->argc);
	return 0;
}

SEC("lsm/task_kill")
int killed(struct btf_lsm_task_kill_ctx *ctx)
{
	return ctx_get(ctx, sig) == 9 && ctx->p->tgid == 1 ? -EPERM : ctx_get(ctx, ret);
}

SEC("lsm/bpf")
int system_call(struct btf_lsm_bpf_ctx *ctx)
{
	if (ctx_get(ctx, cmd) == 5 && ctx_get(ctx, size) > 64)
		__sync_fetch_and_add(&seen, 1);
	return ctx_get(ctx, ret);
}

char LICENSE[] SEC("license") = "GPL";

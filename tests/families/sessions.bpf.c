// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 7.0 x86_64
/* One trampoline for both ends of a call. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 failures;

SEC("fsession/vfs_read")
int session(struct btf_fsession_vfs_read_ctx *ctx)
{
	/* When the function is entered, it is 0. */
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, ctx->count);
	return 0;
}

/* It may sleep where errors can be injected, as into system calls. */
SEC("fsession.s/__x64_sys_nanosleep")
int session_asleep(struct btf_fsession___x64_sys_nanosleep_ctx *ctx)
{
	if (ctx->regs->di && ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

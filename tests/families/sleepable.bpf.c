// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64
/* Trampolines that may sleep: where errors can be injected, as into system calls. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 calls, failures;

/* A wrapper's argument is the registers that user space made the call with. */
SEC("fentry.s/__x64_sys_nanosleep")
int begins(struct btf_fentry___x64_sys_nanosleep_ctx *ctx)
{
	struct __kernel_timespec time = {};

	bpf_probe_read_user(&time, sizeof(time), (const void *)ctx->regs->di);
	__sync_fetch_and_add(&calls, time.tv_sec);
	return 0;
}

SEC("fexit.s/__x64_sys_nanosleep")
int ends(struct btf_fexit___x64_sys_nanosleep_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("fmod_ret.s/__x64_sys_nanosleep")
int changed(struct btf_fmod_ret___x64_sys_nanosleep_ctx *ctx)
{
	return ctx->ret;
}

char LICENSE[] SEC("license") = "GPL";

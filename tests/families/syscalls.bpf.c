// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* System calls by the functions that they enter the kernel through. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 calls, failures;

SEC("ksyscall/openat")
int openat_begins(struct btf_ksyscall_openat_ctx *ctx)
{
	if (ctx->args)
		__sync_fetch_and_add(&calls, 1);
	return 0;
}

SEC("kretsyscall/openat")
int openat_ends(struct btf_kretsyscall_openat_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("ksyscall/execve")
int execve_begins(struct btf_ksyscall_execve_ctx *ctx)
{
	return ctx->args != 0;
}

SEC("kretsyscall/close")
int close_ends(struct btf_kretsyscall_close_ctx *ctx)
{
	return ctx->ret != 0;
}

SEC("ksyscall/nanosleep")
int sleeps(struct pt_regs *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

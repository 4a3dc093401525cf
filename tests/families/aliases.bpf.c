// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64
/* System calls without arguments, whose wrappers are aliases that BTF does not list. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 calls, failures;

SEC("ksyscall/setsid")
int session(struct btf_ksyscall_setsid_ctx *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}

SEC("kretsyscall/fork")
int forked(struct btf_kretsyscall_fork_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

SEC("kprobe/__x64_sys_getpid")
int asks(struct btf_kprobe___x64_sys_getpid_ctx *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}

SEC("kretprobe/__x64_sys_getpid")
int knows(struct btf_kretprobe___x64_sys_getpid_ctx *ctx)
{
	__sync_fetch_and_add(&calls, ctx->ret);
	return 0;
}

SEC("tp/syscalls/sys_exit_vfork")
int left(struct btf_tp_syscalls_sys_exit_vfork_ctx *ctx)
{
	if (ctx->ret < 0)
		__sync_fetch_and_add(&failures, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

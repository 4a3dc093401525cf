// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Notes what the last system call was made with, for whoever has made it to compare. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Who makes the calls. */
const volatile u32 only_pid;

enum { SEEN_DFD, SEEN_NAME, SEEN_FLAGS, SEEN_MODE, SEEN_RET, SEEN_WORDS };

u64 seen[SEEN_WORDS];

SEC("ksyscall/openat")
int begins(struct btf_ksyscall_openat_ctx *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 != only_pid)
		return 0;
	seen[SEEN_DFD] = (s64)(int)BPF_PROBE_READ(ctx->args, dfd);
	seen[SEEN_NAME] = (u64)BPF_PROBE_READ(ctx->args, filename);
	seen[SEEN_FLAGS] = (s64)(int)BPF_PROBE_READ(ctx->args, flags);
	seen[SEEN_MODE] = BPF_PROBE_READ(ctx->args, mode);
	return 0;
}

SEC("kretsyscall/openat")
int ends(struct btf_kretsyscall_openat_ctx *ctx)
{
	if (bpf_get_current_pid_tgid() >> 32 == only_pid)
		seen[SEEN_RET] = (s64)ctx->ret;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

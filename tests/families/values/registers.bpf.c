// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Notes what is in registers, for whoever has made the calls to compare. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

/* Who makes the calls. */
const volatile u32 only_pid;

enum {
	OPENS, OPEN_DFD, OPEN_FLAGS, OPEN_NAME, OPEN_RET,
	CONNECTS, CONNECT_FD, CONNECT_ADDRESS, CONNECT_LEN, CONNECT_RET,
	HANDLES, HANDLE_REQUEST, HANDLE_PRIORITY, HANDLE_FLAGS, HANDLE_DEADLINE, HANDLE_RET,
	WORDS
};

u64 seen[WORDS];

static __always_inline bool is_it(void)
{
	return bpf_get_current_pid_tgid() >> 32 == only_pid;
}

SEC("kprobe/do_sys_openat2")
int open_begins(struct btf_kprobe_do_sys_openat2_ctx *ctx)
{
	struct open_how *how = ctx->how;

	/* Other files are opened to attach these programs. */
	if (!is_it() || ctx_get(ctx, dfd) != -77)
		return 0;
	seen[OPENS]++;
	seen[OPEN_DFD] = (s64)ctx_get(ctx, dfd);
	seen[OPEN_FLAGS] = BPF_CORE_READ(how, flags);
	seen[OPEN_NAME] = (u64)ctx->filename;
	return 0;
}

SEC("kretprobe/do_sys_openat2")
int open_ends(struct btf_kretprobe_do_sys_openat2_ctx *ctx)
{
	if (is_it())
		seen[OPEN_RET] = (s64)ctx_get(ctx, ret);
	return 0;
}

SEC("kprobe/__sys_connect")
int connect_begins(struct btf_kprobe___sys_connect_ctx *ctx)
{
	if (!is_it())
		return 0;
	seen[CONNECTS]++;
	seen[CONNECT_FD] = (s64)ctx_get(ctx, fd);
	seen[CONNECT_ADDRESS] = (u64)ctx->uservaddr;
	seen[CONNECT_LEN] = (s64)ctx_get(ctx, addrlen);
	return 0;
}

SEC("kretprobe/__sys_connect")
int connect_ends(struct btf_kretprobe___sys_connect_ctx *ctx)
{
	if (is_it())
		seen[CONNECT_RET] = (s64)ctx_get(ctx, ret);
	return 0;
}

SEC("uprobe")
int handle_begins(struct btf_uprobe_handle_ctx *ctx)
{
	if (!is_it())
		return 0;
	seen[HANDLES]++;
	seen[HANDLE_REQUEST] = (u64)ctx->request;
	seen[HANDLE_PRIORITY] = (s64)ctx_get(ctx, priority);
	seen[HANDLE_FLAGS] = ctx_get(ctx, flags);
	seen[HANDLE_DEADLINE] = ctx->deadline;
	return 0;
}

SEC("uretprobe")
int handle_ends(struct btf_uretprobe_handle_ctx *ctx)
{
	if (is_it())
		seen[HANDLE_RET] = (s64)ctx_get(ctx, ret);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

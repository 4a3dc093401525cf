// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.13
/* One program at both ends of a call in user space. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("uprobe.session//usr/bin/user.o:handle")
int session(struct btf_uprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, flags) & 1;
}

SEC("uprobe.session.s//usr/bin/user.o:handle")
int session_sleepable(struct btf_uretprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, ret) & 1;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Notes the flags of the file that was opened last. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u32 flags;

SEC("lsm/file_open")
int opened(struct btf_lsm_file_open_ctx *ctx)
{
	flags = ctx->file->f_flags;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

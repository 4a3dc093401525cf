// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.15
/* A program that makes system calls, with the union of all their arguments. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct args {
	u64 text;
	int fd;
};

SEC("syscall")
int create(struct args *ctx)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_ARRAY,
		.key_size = 4,
		.value_size = 8,
		.max_entries = 1,
	};

	ctx->fd = bpf_sys_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
	if (ctx->fd < 0)
		return ctx->fd;
	attr.map_fd = ctx->fd;
	attr.key = ctx->text;
	return bpf_sys_bpf(BPF_MAP_LOOKUP_ELEM, &attr, sizeof(attr));
}

char LICENSE[] SEC("license") = "GPL";

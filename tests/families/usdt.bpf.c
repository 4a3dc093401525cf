// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* Static probes of user space: libbpf's own header finds the arguments. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

u64 total;

SEC("usdt//usr/lib/libc.so.6:libc:memory_heap_new")
int BPF_USDT(heap_new, void *heap, long size)
{
	__sync_fetch_and_add(&total, size);
	return 0;
}

SEC("usdt.s//usr/lib/libc.so.6:libc:memory_heap_free")
int heap_free(struct pt_regs *ctx)
{
	long heap = 0;

	bpf_usdt_arg(ctx, 0, &heap);
	return heap == 0;
}

SEC("usdt")
int anywhere(struct pt_regs *ctx)
{
	return bpf_usdt_arg_cnt(ctx);
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* Static probes of user space, through usdt.bpf.h. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

u64 total;

SEC("usdt//usr/lib/libc.so.6:libc:memory_heap_new")
int BPF_USDT(heap_new, void *heap, long size)
{
	__sync_fetch_and_add(&total, size);
	return bpf_usdt_arg_cnt(ctx) > 2;
}

char LICENSE[] SEC("license") = "GPL";

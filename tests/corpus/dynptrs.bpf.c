// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.1
/* Dynamic pointers, and records that user space writes. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} answers SEC(".maps");

static long request(struct bpf_dynptr *dynptr, void *context)
{
	struct rusage usage;
	struct bpf_dynptr answer;

	if (bpf_dynptr_read(&usage, sizeof(usage), dynptr, 0, 0))
		return 1;
	bpf_ringbuf_reserve_dynptr(&answers, sizeof(usage), 0, &answer);
	bpf_dynptr_write(&answer, 0, &usage.ru_maxrss, sizeof(usage.ru_maxrss), 0);
	bpf_ringbuf_submit_dynptr(&answer, BPF_RB_FORCE_WAKEUP);
	return 0;
}

SEC("kprobe")
int drain(void *ctx)
{
	return bpf_user_ringbuf_drain(&requests, request, 0, BPF_RB_NO_WAKEUP);
}

char LICENSE[] SEC("license") = "GPL";

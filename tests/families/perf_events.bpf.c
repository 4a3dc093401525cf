// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Samples of the processor's counters. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u64);
} samples SEC(".maps");

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	u64 address = ctx->addr, period = ctx->sample_period;

	bpf_map_update_elem(&samples, &address, &period, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

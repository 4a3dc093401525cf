// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* Samples of a performance counter, with stacks. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct sample_key {
	u32 pid;
	int user_stack;
	int kernel_stack;
	u64 ip;
};

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(u32));
	__uint(value_size, 127 * sizeof(u64));
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct sample_key);
	__type(value, u64);
} counts SEC(".maps");

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	struct bpf_perf_event_value value = {};
	struct sample_key key = {};
	u64 one = 1, *count;

	key.pid = bpf_get_current_pid_tgid() >> 32;
	key.ip = PT_REGS_IP(&ctx->regs);
	key.user_stack = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	key.kernel_stack = bpf_get_stackid(ctx, &stacks, 0);
	if (bpf_perf_prog_read_value(ctx, &value, sizeof(value)) == 0)
		one = value.counter + ctx->sample_period;
	count = bpf_map_lookup_elem(&counts, &key);
	if (count)
		*count += one;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

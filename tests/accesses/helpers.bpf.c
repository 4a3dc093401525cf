// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that hand their context, or an address in it, to helpers: those whose
 * name begins with `memory_` where the helper wants memory, which the running
 * kernel refuses, and others where it takes any address, or the context.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
u64 seen;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, u32);
	__type(value, u32);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, u32);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

typedef struct btf_tp_sched_sched_switch_ctx event;

#define OF_EVENT(name, ...)						\
	SEC("tp/sched/sched_switch") int name(event *ctx)		\
	{								\
		u32 one = 1;						\
									\
		seen += one;						\
		seen += (u64)(__VA_ARGS__);				\
		return 0;						\
	}

OF_EVENT(memory_key, bpf_map_lookup_elem(&hash, &ctx->prev_pid))
OF_EVENT(memory_percpu_key, bpf_map_delete_elem(&hash, &ctx->prev_pid))
OF_EVENT(memory_updated_key, bpf_map_update_elem(&hash, &ctx->prev_pid, &one, 0))
OF_EVENT(memory_value, bpf_map_update_elem(&hash, &one, &ctx->prev_pid, 0))
OF_EVENT(memory_pushed, bpf_map_push_elem(&queue, &ctx->prev_pid, 0))
OF_EVENT(memory_popped, bpf_map_pop_elem(&queue, &ctx->prev_pid))
OF_EVENT(memory_compared, bpf_strncmp(ctx->prev_comm, 16, "bash"))
OF_EVENT(memory_output, bpf_ringbuf_output(&ring, ctx->prev_comm, 16, 0))
OF_EVENT(memory_whole_output, bpf_ringbuf_output(&ring, ctx, 16, 0))
OF_EVENT(memory_event, bpf_perf_event_output(ctx, &events, 0, &ctx->prev_pid, 4))
OF_EVENT(memory_whole_event, bpf_perf_event_output(ctx, &events, 0, ctx, 16))
OF_EVENT(memory_comm, bpf_get_current_comm(ctx->prev_comm, 16))
OF_EVENT(memory_stack, bpf_get_stack(ctx, ctx->prev_comm, 16, 0))
OF_EVENT(memory_destination, bpf_probe_read_kernel(ctx->prev_comm, 16, ctx->next_comm))
OF_EVENT(memory_number, bpf_strtol(ctx->prev_comm, 16, 0, (long *)&seen))
OF_EVENT(memory_format, bpf_trace_printk(ctx->prev_comm, 8))

OF_EVENT(source, bpf_probe_read_kernel(&one, 4, &ctx->prev_pid))
OF_EVENT(source_string, bpf_probe_read_kernel_str(&one, 4, ctx->prev_comm))
OF_EVENT(user_source, bpf_probe_read_user(&one, 4, ctx->prev_comm))
OF_EVENT(printed, bpf_printk("%s %s %d %d", ctx->prev_comm, ctx->next_comm, 1, 2))
OF_EVENT(event_of_variable, bpf_perf_event_output(ctx, &events, 0, &one, 4))

static long each(u32 i, void *of)
{
	seen += i;
	return 0;
}

SEC("kprobe/vfs_read") int memory_of_callback(struct btf_kprobe_vfs_read_ctx *ctx)
{
	bpf_loop(3, each, ctx, 0);
	return 0;
}

SEC("kprobe/vfs_read") int memory_registers(struct btf_kprobe_vfs_read_ctx *ctx)
{
	bpf_ringbuf_output(&ring, ctx, 64, 0);
	return 0;
}

SEC("raw_tp/sched_switch") int memory_slots(struct btf_trace_sched_switch_ctx *ctx)
{
	bpf_ringbuf_output(&ring, ctx, 24, 0);
	return 0;
}

SEC("iter/task") int memory_iterator(struct bpf_iter__task *ctx)
{
	bpf_seq_write(ctx->meta->seq, ctx, 8);
	return 0;
}

SEC("tc") int memory_packet(struct __sk_buff *ctx)
{
	return bpf_map_lookup_elem(&hash, &ctx->mark) != NULL;
}

SEC("xdp") int memory_checksum(struct xdp_md *ctx)
{
	seen = bpf_csum_diff(0, 0, (__be32 *)ctx, 8, 0);
	return XDP_PASS;
}

SEC("syscall") int memory_from_user_space(struct { u32 a, b; } *ctx)
{
	seen = (u64)bpf_map_lookup_elem(&hash, &ctx->b);
	return 0;
}

SEC("syscall") int memory_output_from_user_space(struct { u32 a, b; } *ctx)
{
	seen = bpf_ringbuf_output(&ring, ctx, 8, 0);
	return 0;
}

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that clang folds context loads in, or that do to a context what
 * verifiers refuse, beside programs that look like those and load. Which are
 * which, the running kernel says.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

#define barrier() asm volatile("" ::: "memory")

char LICENSE[] SEC("license") = "GPL";
int which;
u64 seen;

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 4);
	__uint(key_size, 4);
	__uint(value_size, 1016);
} stacks SEC(".maps");

SEC("tp_btf/sched_switch")
int slot_ternary(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t = which ? ctx->prev : ctx->next;

	seen = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_if_else(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	if (which)
		t = ctx->prev;
	else
		t = ctx->next;
	seen = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_switch(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	switch (which) {
	case 1:
		t = ctx->prev;
		break;
	case 5:
		t = ctx->next;
		break;
	default:
		return 0;
	}
	seen = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_loop(struct btf_trace_sched_switch_ctx *ctx)
{
	u64 *slots = (u64 *)ctx;

#pragma clang loop unroll(disable)
	for (int i = 1; i < 3; i++) {
		seen += slots[i];
		barrier();
	}
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_index(struct btf_trace_sched_switch_ctx *ctx)
{
	u64 *slots = (u64 *)ctx;

	seen = slots[1 + (which & 1)];
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_copied(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *prev = ctx->prev, *next = ctx->next;

	barrier_var(prev);
	barrier_var(next);
	seen = (which ? prev : next)->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_spilled(struct btf_trace_sched_switch_ctx *ctx)
{
	u64 a = bpf_ktime_get_ns(), b = bpf_ktime_get_ns(), c = bpf_ktime_get_ns();
	u64 d = bpf_ktime_get_ns(), e = bpf_ktime_get_ns(), f = bpf_ktime_get_ns();

	seen = ctx->prev->pid + a + b * c + d * e + f;
	return 0;
}

static __noinline int chosen(int next, struct btf_trace_sched_switch_ctx *ctx)
{
	return (next ? ctx->next : ctx->prev)->pid;
}

SEC("tp_btf/sched_switch")
int slot_in_function(struct btf_trace_sched_switch_ctx *ctx)
{
	return chosen(which, ctx);
}

static __noinline int first(struct btf_trace_sched_switch_ctx *ctx, int by)
{
	return ctx->prev->pid + by;
}

SEC("tp_btf/sched_switch")
int slot_in_another_function(struct btf_trace_sched_switch_ctx *ctx)
{
	return first(ctx, which);
}

SEC("tp_btf/sched_switch")
int slot_upper_half(struct btf_trace_sched_switch_ctx *ctx)
{
	u32 value;

	asm volatile("%[value] = *(u32 *)(%[ctx] + 12)" : [value] "=r"(value) : [ctx] "r"(ctx));
	return value;
}

SEC("tp_btf/sched_switch")
int slot_narrow(struct btf_trace_sched_switch_ctx *ctx)
{
	u8 value;

	asm volatile("%[value] = *(u8 *)(%[ctx] + 0)" : [value] "=r"(value) : [ctx] "r"(ctx));
	return value;
}

SEC("tp_btf/sched_switch")
int slot_part_of_pointer(struct btf_trace_sched_switch_ctx *ctx)
{
	return (u32)(u64)ctx->prev;
}

SEC("tp_btf/sched_switch")
int slot_stored(struct btf_trace_sched_switch_ctx *ctx)
{
	asm volatile("*(u64 *)(%[ctx] + 8) = %[ctx]" : : [ctx] "r"(ctx) : "memory");
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_atomic(struct btf_trace_sched_switch_ctx *ctx)
{
	__sync_fetch_and_add((u64 *)ctx, 1);
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_moved_and_back(struct btf_trace_sched_switch_ctx *ctx)
{
	u64 value;

	asm volatile("r2 = %[ctx]; r2 += 8; r2 += -8; %[value] = *(u64 *)(r2 + 0)"
		     : [value] "=r"(value) : [ctx] "r"(ctx) : "r2");
	return value;
}

SEC("tp_btf/sched_switch")
int stack_of_slots(struct btf_trace_sched_switch_ctx *ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0);
}

SEC("tp_btf/sched_switch")
int stack_of_modified(struct btf_trace_sched_switch_ctx *ctx)
{
	return bpf_get_stackid((void *)ctx + 8, &stacks, 0);
}

struct walk {
	struct btf_trace_sched_switch_ctx *ctx;
	u64 sum;
};

static long visit(u32 index, struct walk *walk)
{
	walk->sum += (index & 1 ? walk->ctx->prev : walk->ctx->next)->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int slot_in_callback(struct btf_trace_sched_switch_ctx *ctx)
{
	struct walk walk = { ctx };

	bpf_loop(2, visit, &walk, 0);
	return walk.sum;
}

SEC("raw_tp/sched_switch")
int bare_slot_ternary(struct btf_trace_sched_switch_ctx *ctx)
{
	seen = (u64)(which ? ctx->prev : ctx->next);
	return 0;
}

SEC("raw_tp/sched_switch")
int bare_slot_upper_half(struct btf_trace_sched_switch_ctx *ctx)
{
	u32 value;

	asm volatile("%[value] = *(u32 *)(%[ctx] + 12)" : [value] "=r"(value) : [ctx] "r"(ctx));
	return value;
}

SEC("raw_tp/sched_switch")
int bare_slot_behind(struct btf_trace_sched_switch_ctx *ctx)
{
	return *((u64 *)ctx + 12);
}

SEC("kprobe/vfs_read")
int register_ternary(struct btf_kprobe_vfs_read_ctx *ctx)
{
	seen = (u64)(which ? (void *)ctx->file : (void *)ctx->buf);
	return 0;
}

SEC("kprobe/vfs_read")
int register_if_else(struct pt_regs *ctx)
{
	u64 v;

	if (which == 1)
		v = ctx->di;
	else if (which == 2)
		v = ctx->si;
	else
		v = ctx->dx;
	seen = v;
	return 0;
}

SEC("kprobe/vfs_read")
int register_misaligned(struct pt_regs *ctx)
{
	u32 value;

	asm volatile("%[value] = *(u32 *)(%[ctx] + 18)" : [value] "=r"(value) : [ctx] "r"(ctx));
	return value;
}

SEC("kprobe/vfs_read")
int stack_of_registers(struct pt_regs *ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0);
}

SEC("tp/sched/sched_process_exec")
int record_ternary(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	seen = which ? ctx->pid : ctx->old_pid;
	return 0;
}

SEC("tp/sched/sched_process_exec")
int record_data(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	char name[8];

	bpf_probe_read_kernel_str(name, sizeof(name), ctx_data(ctx, filename));
	return name[0];
}

SEC("tp/sched/sched_process_exec")
int record_head(u64 *ctx)
{
	return ctx[0];
}

SEC("tp/sched/sched_process_exec")
int record_stored(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	*(volatile int *)&ctx->pid = 1;
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int call_ternary(struct btf_tp_syscalls_sys_enter_openat_ctx *ctx)
{
	seen = which ? ctx->dfd : ctx->flags;
	return 0;
}

SEC("xdp")
int xdp_ternary(struct xdp_md *ctx)
{
	return (which ? ctx->ingress_ifindex : ctx->rx_queue_index) & 1;
}

SEC("xdp")
int xdp_packet(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	u8 *byte = data + (which & 7);

	return byte + 1 > (u8 *)end ? XDP_DROP : *byte & 1;
}

SEC("tc")
int skb_ternary(struct __sk_buff *ctx)
{
	return which ? ctx->mark : ctx->priority;
}

SEC("tc")
int skb_stored(struct __sk_buff *ctx)
{
	ctx->mark = which;
	return 0;
}

SEC("socket")
int skb_if_else(struct __sk_buff *ctx)
{
	u32 v;

	if (which)
		v = ctx->mark;
	else
		v = ctx->len;
	return v;
}

SEC("perf_event")
int perf_ternary(struct bpf_perf_event_data *ctx)
{
	return (which ? ctx->sample_period : ctx->addr) & 1;
}

SEC("cgroup/connect4")
int address_ternary(struct bpf_sock_addr *ctx)
{
	return (which ? ctx->user_ip4 : ctx->user_port) & 1;
}

SEC("iter/task")
int iter_ternary(struct bpf_iter__task *ctx)
{
	seen = (u64)(which ? (void *)ctx->meta : (void *)ctx->task);
	return 0;
}

SEC("iter/task")
int iter_plain(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	return task ? task->pid & 1 : 0;
}

/* Global functions: the kernel verifies each by itself. */
__noinline int global_ours(struct btf_trace_sched_switch_ctx *ctx)
{
	return ctx->prev->pid;
}

__noinline int global_void(void *ctx)
{
	return ((struct btf_trace_sched_switch_ctx *)ctx)->prev->pid;
}

__noinline int global_marked(void *ctx __arg_ctx)
{
	struct btf_trace_sched_switch_ctx *c = ctx;

	return c->prev->pid;
}

__noinline int global_slots(u64 *ctx __arg_ctx)
{
	struct btf_trace_sched_switch_ctx *c = (void *)ctx;

	return c->prev->pid;
}

__noinline int global_registers(struct pt_regs *ctx)
{
	return ctx->ip;
}

__noinline int global_stack(void *ctx __arg_ctx)
{
	return bpf_get_stackid(ctx, &stacks, 0);
}

__noinline int global_touch(void *ctx __arg_ctx)
{
	return ctx != 0;
}

__noinline int global_record(struct btf_tp_sched_sched_process_exec_ctx *ctx __arg_ctx)
{
	return ctx->pid;
}

__noinline int global_bare(u64 *ctx)
{
	return ctx[1] & 1;
}

__noinline int global_bare_marked(u64 *ctx __arg_ctx)
{
	return ctx[1] & 1;
}

__noinline int global_bare_ours(struct btf_trace_sched_switch_ctx *ctx)
{
	return (u64)ctx->prev & 1;
}

__noinline int global_args(struct bpf_raw_tracepoint_args *ctx)
{
	return ctx->args[1] & 1;
}

__noinline __hidden int hidden_ours(struct btf_trace_sched_switch_ctx *ctx)
{
	return ctx->prev->pid;
}

SEC("tp_btf/sched_switch")
int calls_ours(struct btf_trace_sched_switch_ctx *ctx)
{
	return global_ours(ctx);
}

SEC("tp_btf/sched_switch")
int calls_void(struct btf_trace_sched_switch_ctx *ctx)
{
	return global_void(ctx);
}

SEC("tp_btf/sched_switch")
int calls_marked(struct btf_trace_sched_switch_ctx *ctx)
{
	return global_marked(ctx);
}

SEC("tp_btf/sched_switch")
int calls_slots(struct btf_trace_sched_switch_ctx *ctx)
{
	return global_slots((u64 *)ctx);
}

SEC("tp_btf/sched_switch")
int calls_hidden(struct btf_trace_sched_switch_ctx *ctx)
{
	return hidden_ours(ctx);
}

SEC("raw_tp/sched_switch")
int bare_calls_slots(void *ctx)
{
	return global_bare_marked(ctx);
}

SEC("raw_tp/sched_switch")
int bare_calls_unmarked_slots(void *ctx)
{
	return global_bare(ctx);
}

SEC("raw_tp/sched_switch")
int bare_calls_ours(struct btf_trace_sched_switch_ctx *ctx)
{
	return global_bare_ours(ctx);
}

SEC("raw_tp/sched_switch")
int bare_calls_args(struct bpf_raw_tracepoint_args *ctx)
{
	return global_args(ctx);
}

SEC("kprobe/vfs_read")
int calls_registers(struct pt_regs *ctx)
{
	return global_registers(ctx);
}

SEC("tp_btf/sched_switch")
int shares_with_slots(void *ctx)
{
	return global_stack(ctx);
}

SEC("kprobe/vfs_read")
int shares_with_registers(struct pt_regs *ctx)
{
	return global_stack(ctx);
}

SEC("tp/sched/sched_process_exec")
int shares_with_record(void *ctx)
{
	return global_stack(ctx);
}

SEC("tp/sched/sched_process_exec")
int calls_record(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	return global_record(ctx);
}

SEC("iter/task")
int iter_calls_marked(void *ctx)
{
	seen = global_touch(ctx);
	return 0;
}

SEC("raw_tp/sched_switch")
int bare_calls_marked(void *ctx)
{
	seen = global_touch(ctx);
	return 0;
}

SEC("perf_event")
int perf_calls_marked(void *ctx)
{
	seen = global_touch(ctx);
	return 0;
}

SEC("xdp")
int xdp_calls_marked(void *ctx)
{
	seen = global_touch(ctx);
	return 0;
}

SEC("tc")
int skb_calls_marked(void *ctx)
{
	seen = global_touch(ctx);
	return 0;
}

SEC("cgroup/connect4")
int address_calls_marked(void *ctx)
{
	seen = global_touch(ctx);
	return 0;
}

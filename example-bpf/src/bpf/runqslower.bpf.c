// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Tasks that waited longer than a threshold for a CPU.
 *
 * Shows BTF-enabled raw tracepoints, and one object for all kernels: sched_switch
 * has the argument `prev_state` since 5.18. Where it is there, it is the state that
 * the scheduler acted on; before, the task tells.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "task.h"

/* One too long wait, as user space receives it. */
struct wait_event {
	u64 time_ns;
	u64 wait_ns;
	u32 pid;
	u32 tid;
	u32 prev_tid;
	u32 prev_state;
	u8 comm[COMM_LEN];
	u8 prev_comm[COMM_LEN];
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct wait_event *const wait_event_type = 0;

const volatile u64 min_wait_ns;
const volatile u32 only_pid;

/* Events that found the ring buffer full. */
u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u64);
} enqueued SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static __always_inline void enqueue(struct task_struct *task)
{
	u32 tid = task->pid, pid = task->tgid;
	u64 now;

	/* Every CPU's idle task is tid 0, and waits for nothing. */
	if (!tid || (only_pid && only_pid != pid))
		return;

	now = bpf_ktime_get_ns();
	bpf_map_update_elem(&enqueued, &tid, &now, BPF_ANY);
}

/*
 * A flavour of the context, as of any type of the kernel's: so that this compiles
 * for a kernel that lacks the argument, too. On big-endian kernels, where a narrow
 * argument is a whole slot, the field does not exist, and the task tells.
 */
struct btf_trace_sched_switch_ctx___since_5_18 {
	unsigned int prev_state;
} __attribute__((preserve_access_index));

static __always_inline u32 prev_state(struct btf_trace_sched_switch_ctx *ctx)
{
	struct btf_trace_sched_switch_ctx___since_5_18 *since = (void *)ctx;

	if (bpf_core_field_exists(since->prev_state))
		return since->prev_state;
	return task_state(ctx->prev);
}

SEC("tp_btf/sched_wakeup")
int wakeup(struct btf_trace_sched_wakeup_ctx *ctx)
{
	enqueue(ctx->p);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int wakeup_new(struct btf_trace_sched_wakeup_new_ctx *ctx)
{
	enqueue(ctx->p);
	return 0;
}

SEC("tp_btf/sched_switch")
int switched(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *prev = ctx->prev, *next = ctx->next;
	struct wait_event *event;
	u32 tid = next->pid, state = prev_state(ctx);
	u64 *since, now, wait_ns;

	/* Preempted, or gave way of its own accord: it waits again from now on. */
	if (ctx_get(ctx, preempt) || state == TASK_RUNNING)
		enqueue(prev);

	since = bpf_map_lookup_elem(&enqueued, &tid);
	if (!since)
		return 0;
	now = bpf_ktime_get_ns();
	wait_ns = now - *since;
	bpf_map_delete_elem(&enqueued, &tid);
	if (wait_ns < min_wait_ns)
		return 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	event->time_ns = now;
	event->wait_ns = wait_ns;
	event->pid = next->tgid;
	event->tid = tid;
	event->prev_tid = prev->pid;
	event->prev_state = state;
	bpf_probe_read_kernel_str(event->comm, sizeof(event->comm), next->comm);
	bpf_probe_read_kernel_str(event->prev_comm, sizeof(event->prev_comm), prev->comm);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

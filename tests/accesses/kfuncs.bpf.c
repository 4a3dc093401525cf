/* Kernel functions whose prototypes have the pointers that contexts have, too: clang describes the struct
 * behind such a pointer only where it meets a prototype first. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch")
int released(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *task = bpf_task_from_pid(ctx_get(ctx, preempt) + 1);

	if (task)
		bpf_task_release(task);
	return 0;
}

/* Clang 14 writes no tag behind such a member. */
#if __clang_major__ > 14
struct kept {
	struct task_struct __kptr *task;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct kept);
} kept SEC(".maps");

SEC("tp_btf/task_newtask")
int keeps(struct btf_trace_task_newtask_ctx *ctx)
{
	struct task_struct *task;
	struct kept *value;
	int key = 0;

	value = bpf_map_lookup_elem(&kept, &key);
	if (!value)
		return 0;
	task = bpf_task_acquire(ctx->task);
	if (!task)
		return 0;
	task = bpf_kptr_xchg(&value->task, task);
	if (task)
		bpf_task_release(task);
	return 0;
}
#endif

#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__attribute__((used)) static void described(struct task_struct *task) {}

void bpf_task_release(struct task_struct *task) __ksym;
struct task_struct *bpf_task_acquire(struct task_struct *task) __ksym;

SEC("tp_btf/sched_process_exec")
int started(struct btf_trace_sched_process_exec_ctx *ctx)
{
	struct task_struct *task = bpf_task_acquire(ctx->p);

	if (task)
		bpf_task_release(task);
	return 0;
}

// The same behind the kernel's struct.
#include "base.h"

SEC("raw_tp/sched_switch")
int raw(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *next = (struct task_struct *)ctx->args[2];

	out = (u64)next + ctx->args[1];
	bpf_get_stack(ctx, &out, sizeof(out), 0);
	return 0;
}

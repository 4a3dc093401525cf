// Fields of a record.
#include "base.h"

SEC("tp/sched/sched_process_exec")
int executed(struct trace_event_raw_sched_process_exec *ctx)
{
	out = ctx->pid - ctx->old_pid;
	return 0;
}

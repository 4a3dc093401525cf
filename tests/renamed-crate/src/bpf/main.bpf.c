#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "lib.h"

char LICENSE[] SEC("license") = "GPL";

const volatile unsigned int step = 2;

SEC("tp_btf/sched_process_fork")
int first(struct btf_trace_sched_process_fork_ctx *ctx)
{
	if (ctx->parent == ctx->child)
		return 0;
	total += step;
	return note(step);
}

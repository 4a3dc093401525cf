#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

unsigned long long hits;
const volatile unsigned int wanted = 7;

SEC("tp_btf/sched_process_fork")
int forked(struct btf_trace_sched_process_fork_ctx *ctx)
{
	if (ctx->parent != ctx->child && wanted)
		hits++;
	return 0;
}

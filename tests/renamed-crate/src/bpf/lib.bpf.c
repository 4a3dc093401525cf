#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "lib.h"

unsigned long long total = 40;
struct steps steps SEC(".maps");

__attribute__((noinline)) int note(unsigned int step)
{
	struct step *known = bpf_map_lookup_elem(&steps, &step);

	if (known)
		known->count++;
	return 0;
}

SEC("raw_tp/sched_process_fork")
int second(struct btf_trace_sched_process_fork_ctx *ctx)
{
	return ctx->parent == ctx->child;
}

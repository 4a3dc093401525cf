// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/* Every program that is executed. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "execs.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} events SEC(".maps");

SEC("tp_btf/sched_process_exec")
int on_exec(struct btf_trace_sched_process_exec_ctx *ctx)
{
	struct exec_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->pid = ctx->p->tgid;
	event->old_pid = ctx->old_pid;
	bpf_probe_read_kernel_str(event->filename, sizeof(event->filename), ctx->bprm->filename);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

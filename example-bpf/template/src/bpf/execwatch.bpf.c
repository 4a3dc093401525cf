// SPDX-License-Identifier: GPL-2.0-only OR MIT OR Apache-2.0
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* What user space gets for each program that is started. */
struct event {
	u32 pid;
	u32 parent;
	u8 file[120];
};

/* Makes the type known to Rust. */
struct event *const event_type = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("tp_btf/sched_process_exec")
int started(struct btf_trace_sched_process_exec_ctx *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	event->pid = ctx->p->tgid;
	event->parent = ctx->p->real_parent->tgid;
	bpf_probe_read_kernel_str(event->file, sizeof(event->file), ctx->bprm->filename);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

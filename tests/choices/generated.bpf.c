// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.1
/* Contexts that ctxgen generates: slots, registers, records. */
#include "choices.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tp_btf/sched_switch")
int task(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t = which ? GET(ctx, prev) : GET(ctx, next);

	seen = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int task_if(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	if (which)
		t = GET(ctx, prev);
	else
		t = GET(ctx, next);
	seen = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int slots(struct btf_trace_sched_switch_ctx *ctx)
{
	seen = ALL(GET, ctx, preempt, prev_state, preempt);
	return 0;
}

SEC("tp_btf/sched_switch")
int task_again(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	if (bpf_ktime_get_ns() & 1)
		t = GET(ctx, prev);
	else
		t = GET(ctx, next);
	seen = t->pid + GET(ctx, prev)->tgid;
	return 0;
}

SEC("raw_tp/sched_switch")
int raw_again(struct btf_trace_sched_switch_ctx *ctx)
{
	seen = AGAIN(GET, ctx, prev, next);
	return 0;
}

SEC("raw_tp/sched_switch")
int raw(struct btf_trace_sched_switch_ctx *ctx)
{
	seen = ALL(GET, ctx, prev, next, prev_state);
	return 0;
}

SEC("fentry/vfs_read")
int entry(struct btf_fentry_vfs_read_ctx *ctx)
{
	seen = ALL(GET, ctx, count, buf, pos);
	return 0;
}

SEC("fexit/vfs_read")
int returned(struct btf_fexit_vfs_read_ctx *ctx)
{
	seen = ALL(GET, ctx, count, ret, buf);
	return 0;
}

SEC("lsm/file_mprotect")
int protect(struct btf_lsm_file_mprotect_ctx *ctx)
{
	seen = ALL(GET, ctx, reqprot, prot, ret);
	return 0;
}

SEC("kprobe/vfs_read")
int registers(struct btf_kprobe_vfs_read_ctx *ctx)
{
	seen = ALL(GET, ctx, file, buf, pos);
	return 0;
}

SEC("tp/sched/sched_process_exec")
int record(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	seen = ALL(GET, ctx, pid, old_pid, pid);
	return 0;
}

SEC("tp/sched/sched_switch")
int comm(struct btf_tp_sched_sched_switch_ctx *ctx)
{
	char comm[16];

	seen = ALL(GET, ctx, prev_pid, next_prio, prev_state);
	bpf_probe_read_kernel_str(comm, sizeof(comm),
				  which ? ctx_get(ctx, prev_comm) : ctx_get(ctx, next_comm));
	seen += comm[0];
	return 0;
}

SEC("tp/sched/sched_process_exec")
int data(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	char name[16];

	bpf_probe_read_kernel_str(name, sizeof(name), ctx_data(ctx, filename));
	seen = which ? ctx_data_len(ctx, filename) : GET(ctx, pid);
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int call(struct btf_tp_syscalls_sys_enter_openat_ctx *ctx)
{
	seen = ALL(GET, ctx, dfd, filename, flags);
	return 0;
}

SEC("tp/raw_syscalls/sys_enter")
int array(struct btf_tp_raw_syscalls_sys_enter_ctx *ctx)
{
	seen = ALL(GET, ctx, args[0], args[3], id);
	return 0;
}

#ifdef RELOCATABLE
SEC("tp_btf/sched_switch")
int whichever_exists(struct btf_trace_sched_switch_ctx *ctx)
{
	struct task_struct *t;

	if (bpf_core_field_exists(ctx->next))
		t = ctx_get(ctx, next);
	else
		t = ctx_get(ctx, prev);
	seen = t->pid;
	return 0;
}

SEC("kprobe/vfs_read")
int whichever_register(struct btf_kprobe_vfs_read_ctx *ctx)
{
	seen = bpf_core_field_exists(ctx->buf) ? (u64)ctx_get(ctx, buf) : (u64)ctx_get(ctx, file);
	return 0;
}

SEC("tp/sched/sched_process_exec")
int whichever_member(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	seen = bpf_core_field_exists(ctx->old_pid) ? ctx_get(ctx, old_pid) : ctx_get(ctx, pid);
	return 0;
}
#endif

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Classic tracepoints: the record that tracefs shows. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u64 switches, executions, bytes;

SEC("tp/sched/sched_switch")
int switched(struct btf_tp_sched_sched_switch_ctx *ctx)
{
	if (ctx->prev_pid != ctx->next_pid && ctx->next_prio < 100)
		__sync_fetch_and_add(&switches, 1);
	return 0;
}

SEC("tracepoint/sched/sched_process_exec")
int executed(struct btf_tp_sched_sched_process_exec_ctx *ctx)
{
	char name[32];

	bpf_probe_read_kernel_str(name, sizeof(name), ctx_data(ctx, filename));
	if (ctx->pid == ctx->old_pid && name[0] == '/')
		__sync_fetch_and_add(&executions, 1);
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int openat_begins(struct btf_tp_syscalls_sys_enter_openat_ctx *ctx)
{
	char name[32];

	bpf_probe_read_user_str(name, sizeof(name), (const void *)ctx->filename);
	return name[0] == '/';
}

SEC("tp/syscalls/sys_exit_openat")
int openat_ends(struct btf_tp_syscalls_sys_exit_openat_ctx *ctx)
{
	return ctx->ret < 0;
}

SEC("tp/signal/signal_generate")
int signalled(struct btf_tp_signal_signal_generate_ctx *ctx)
{
	return ctx->sig == 9;
}

char LICENSE[] SEC("license") = "GPL";

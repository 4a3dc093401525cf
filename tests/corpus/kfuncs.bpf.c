// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.12 x86_64 kfuncs
/* Kernel functions that nobody has declared, and what they return without a name. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u32 parent;
int cpus;

SEC("tp_btf/sched_process_exec")
int exec(struct btf_trace_sched_process_exec_ctx *ctx)
{
	struct task_struct *task = bpf_task_from_pid(ctx_get(ctx, old_pid));
	struct bpf_cpumask *mask;

	if (!task)
		return 0;
	parent = task->real_parent->pid;
	bpf_task_release(task);
	mask = bpf_cpumask_create();
	if (!mask)
		return 0;
	bpf_cpumask_set_cpu(1, mask);
	cpus = bpf_cpumask_weight((struct cpumask *)mask);
	bpf_cpumask_release(mask);
	return 0;
}

SEC("lsm.s/file_ioctl")
int ioctl(struct btf_lsm_file_ioctl_ctx *ctx)
{
	bpf_rcu_read_lock();
	cpus += bpf_cgroup_from_id(1)->level;
	bpf_rcu_read_unlock();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

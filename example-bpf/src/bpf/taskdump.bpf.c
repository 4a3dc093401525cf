// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * All tasks of the system, without a look into /proc.
 *
 * Shows a BPF iterator. Its context is the kernel's own struct, with nothing to
 * generate; the kernel calls the program once per task, and once more without a
 * task when it is through.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "task.h"

#define PF_KTHREAD 0x00200000

/* One task, as user space reads it. */
struct task_record {
	u64 start_boottime_ns;
	u64 total_vm_pages;
	u32 pid;
	u32 tid;
	u32 parent_pid;
	u32 uid;
	u32 state;
	u32 exit_state;
	s32 static_prio;
	u8 kernel_thread;
	u8 comm[COMM_LEN];
};

/* Makes the skeleton define the type, which otherwise only the iterator's output has. */
struct task_record *const task_record_type = 0;

const volatile bool threads;
const volatile u32 only_pid;
const volatile u8 only_comm[COMM_LEN];

SEC("iter/task")
int dump_task(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct task_record record = {};
	const struct cred *cred;
	struct mm_struct *mm;

	if (!task)
		return 0;
	record.pid = task->tgid;
	record.tid = task->pid;
	if (!threads && record.tid != record.pid)
		return 0;
	if (only_pid && only_pid != record.pid)
		return 0;
	bpf_probe_read_kernel_str(record.comm, sizeof(record.comm), task->comm);
	if (!comm_matches(record.comm, only_comm))
		return 0;

	record.parent_pid = task->real_parent->tgid;
	record.state = task_state(task);
	record.exit_state = task->exit_state;
	record.static_prio = task->static_prio;
	record.kernel_thread = !!(task->flags & PF_KTHREAD);
	record.start_boottime_ns = task->start_boottime;
	/* Never NULL, but a kernel whose BTF has type tags (`__rcu`) insists on the check. */
	cred = task->cred;
	if (cred)
		record.uid = cred->uid.val;
	/* Kernel threads have no memory of their own. */
	mm = task->mm;
	if (mm)
		record.total_vm_pages = mm->total_vm;

	bpf_seq_write(ctx->meta->seq, &record, sizeof(record));
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

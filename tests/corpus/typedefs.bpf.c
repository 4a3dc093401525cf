// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Types that are known by another name only. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct record {
	pid_t pid;
	dev_t dev;
	loff_t size;
	kuid_t uid;
	umode_t mode;
	sector_t sector;
	gfp_t gfp;
	atomic_t count;
	spinlock_t lock;
	wait_queue_head_t *queue;
	cpumask_t *mask;
	ktime_t time;
	__kernel_sa_family_t family;
};

struct record record;

SEC("kprobe")
int fill(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	wait_queue_head_t *queue = (void *)task;
	seqcount_t *seqcount = (void *)task;
	pgd_t *pgd = BPF_CORE_READ(task, mm, pgd);

	record.pid = BPF_CORE_READ(task, pid);
	record.count = BPF_CORE_READ(task, usage.refs);
	record.time = BPF_CORE_READ(task, signal, real_timer.node.expires);
	record.queue = queue;
	record.lock.rlock = BPF_CORE_READ(queue, lock.rlock);
	return BPF_CORE_READ(seqcount, sequence) + BPF_CORE_READ(queue, head.next) != 0 && pgd;
}

char LICENSE[] SEC("license") = "GPL";

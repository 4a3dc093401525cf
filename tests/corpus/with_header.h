// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
#ifndef CORPUS_WITH_HEADER_H
#define CORPUS_WITH_HEADER_H

#include <bpf/bpf_core_read.h>

#define LIMIT 3600
#define NS_OF(task) BPF_CORE_READ(task, nsproxy, pid_ns_for_children, level)

struct filter {
	kuid_t uid;
	enum pid_type type;
};

static const volatile struct filter filter;

static __always_inline bool wanted(struct task_struct *task)
{
	if (filter.type == PIDTYPE_TGID && task->pid != task->tgid)
		return false;
	return task->cred->uid.val == filter.uid.val && NS_OF(task) == 0;
}

static __always_inline u64 age(struct task_struct *task)
{
	return (bpf_ktime_get_boot_ns() - task->start_boottime) / 1000000000;
}

#endif

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.1
/* Kernel functions that the program declares itself, in its own way. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct___mine;

struct task_struct *bpf_task_acquire(struct task_struct *p) __ksym;
extern void bpf_task_release(void *p) __ksym __weak;
extern s32 bpf_get_task_exe_file(struct task_struct___mine *task) __ksym __weak;

struct task_struct___mine {
	int pid;
} __attribute__((preserve_access_index));

SEC("tp_btf/task_newtask")
int newtask(u64 *ctx)
{
	struct task_struct *task = bpf_task_acquire((void *)ctx[0]);

	if (task)
		bpf_task_release(task);
	if (bpf_ksym_exists(bpf_get_task_exe_file))
		return bpf_get_task_exe_file((void *)ctx[0]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Sizes, offsets and types of expressions, with no object of the type. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define SIZE_OF(type, member) sizeof(((type *)0)->member)

struct copy {
	char comm[sizeof(((struct task_struct *)0)->comm)];
	typeof(((struct task_struct *)0)->thread_pid) pid;
	char cb[SIZE_OF(struct sk_buff, cb)];
	char pages[__alignof__(struct mutex)];
};

struct copy copy;
const u64 at = __builtin_offsetof(struct inode, i_sb);

_Static_assert(sizeof(struct sockaddr_in) == 16, "a struct that user space knows");

SEC("kprobe")
int measure(void *ctx)
{
	__auto_type task = (struct task_struct *)bpf_get_current_task();
	typeof(task->mm) mm = BPF_CORE_READ(task, mm);
	struct rb_root root;

	if (__builtin_types_compatible_p(typeof(task->pid), int))
		copy.comm[0] = 1;
	bpf_core_read(&root, sizeof(root), &task->pid);
	return sizeof(*mm) + sizeof(struct sk_buff) + BPF_CORE_READ(mm, pgd, pgd) + (root.rb_node != 0);
}

char LICENSE[] SEC("license") = "GPL";

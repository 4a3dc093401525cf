// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* From a member to what contains it, and along lists and trees. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifndef container_of
#define container_of(ptr, type, member)                                         \
	({                                                                      \
		void *__mptr = (void *)(ptr);                                   \
		((type *)(__mptr - __builtin_offsetof(type, member)));          \
	})
#endif

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return container_of(mnt, struct mount, mnt);
}

u32 found;

SEC("kprobe")
int walk(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct vfsmount *vfsmount = BPF_CORE_READ(task, fs, pwd.mnt);
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);
	struct socket_alloc *socket = container_of(inode, struct socket_alloc, vfs_inode);
	struct list_head *at = BPF_CORE_READ(task, children.next);

	found = BPF_CORE_READ(real_mount(vfsmount), mnt_id);
	found += BPF_CORE_READ(socket, socket.type);
	for (int i = 0; i < 4 && at != &task->children; i++) {
		struct task_struct *child = container_of(at, struct task_struct, sibling);

		found += BPF_CORE_READ(child, pid);
		at = BPF_CORE_READ(at, next);
	}
	found += BPF_CORE_READ(task, se.run_node.__rb_parent_color);
	return BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
}

char LICENSE[] SEC("license") = "GPL";

// Only what is used is a variable; a name that is a member of something else is no use.
#include "base.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(switched, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	u64 *preempt_of = &out;

	*preempt_of = (u64)next;
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(unlinked, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	     struct delegated_inode *delegated, int ret)
{
	if (ret)
		out = (u64)dentry;
	return 0;
}

// Registers, and a pointer that loses no const.
#include "base.h"

SEC("kprobe/vfs_create")
int BPF_KPROBE(creates, struct mnt_idmap *idmap, struct dentry *dentry, umode_t mode)
{
	out = mode + (u64)dentry;
	return 0;
}

SEC("kretprobe/vfs_create")
int BPF_KRETPROBE(created, int ret)
{
	out = ret;
	return 0;
}

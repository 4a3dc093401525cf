#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

SEC("fexit/vfs_unlink")
int BPF_PROG(unlinked, struct inode *dir, struct dentry *dentry, struct inode **delegated, int ret)
{
	if (ret == 0)
		bpf_printk("%s is gone", dentry->d_name.name);
	return 0;
}

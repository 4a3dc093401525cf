// A program for each status of a matrix, for hooks that the fixtures have.
#include "types.h"

struct inode;
struct dentry;
struct sock;
struct mnt_idmap;
struct renamedata___old {
	void *old_mnt_idmap;
} __attribute__((preserve_access_index));

char LICENSE[] SEC("license") = "GPL";
const volatile bool is_old = 0;
u64 out;

SEC("lsm/bpf")
int BPF_PROG(wrong, int cmd, void *attr, unsigned int size, int ret)
{
	if (ret)
		return ret;
	out = cmd;
	return 0;
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(refused, struct sock *sk, int flags, int *err, bool kern, struct sock *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("fexit/nowhere")
int BPF_PROG(absent, int first)
{
	out = first;
	return 0;
}

SEC("fexit/vfs_unlink")
int not_known(u64 *ctx)
{
	out = ctx[1];
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(depends, struct inode *dir, struct dentry *dentry)
{
	if (is_old)
		out = (u64)dentry;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_KPROBE(guarded, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	if (bpf_core_field_exists(struct renamedata___old, old_mnt_idmap))
		out = (u64)dentry;
	return 0;
}

SEC("kretprobe/vfs_unlink")
int BPF_KRETPROBE(well, int ret)
{
	out = ret;
	return 0;
}

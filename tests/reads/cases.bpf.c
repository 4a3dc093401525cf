// Programs as they are written without ctxgen, for hooks that have changed.
#include "types.h"

struct folio;
struct inode;
struct dentry;
struct sock;
struct mnt_idmap;
union bpf_attr;
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
struct renamedata___old {
	void *old_mnt_idmap;
} __attribute__((preserve_access_index));

char LICENSE[] SEC("license") = "GPL";
extern int LINUX_KERNEL_VERSION __kconfig;
const volatile bool is_old = 0;
u64 out;

// The kernel has a pointer to a pointer there, which no verifier up to 6.12 lets a program load, and later a
// pointer to a struct, which none lets it shift.
SEC("fexit/vfs_unlink")
int BPF_PROG(unlink_ret_old, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
{
	out = ret;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int BPF_PROG(alloc_ret, gfp_t gfp, u32 order, struct folio *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int BPF_PROG(alloc_unread, gfp_t gfp, u32 order, struct folio *ret)
{
	out = gfp;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_KPROBE(create_kprobe, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	out = (u64)dentry;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_PROG(create_prog, struct mnt_idmap *idmap, struct inode *dir)
{
	out = (u64)dir;
	return 0;
}

SEC("lsm/bpf")
int BPF_PROG(lsm_bpf, int cmd, union bpf_attr *attr, unsigned int size, int ret)
{
	if (ret)
		return ret;
	out = cmd;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(switch_btf, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	out = next->pid + prev->pid;
	return 0;
}

SEC("raw_tp/sched_switch")
int BPF_PROG(switch_raw, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	out = BPF_CORE_READ(next, pid);
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(unlink_old, struct inode *dir, struct dentry *dentry)
{
	out = (u64)dentry + (u64)dir;
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(unlink_ret, void *a, struct inode *dir, struct dentry *dentry, void *b, int err)
{
	out = err;
	return 0;
}

SEC("kretprobe/vfs_unlink")
int BPF_KRETPROBE(unlink_kret, int ret)
{
	out = ret;
	return 0;
}

SEC("kretprobe/mark_page_accessed")
int BPF_KRETPROBE(void_kret, int ret)
{
	out = ret;
	return 0;
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(accept_ret, struct sock *sk, int flags, int *err, bool kern, struct sock *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("fexit/inet_csk_accept")
int BPF_PROG(accept_flags, struct sock *sk, int flags, int *err, bool kern)
{
	out = flags;
	return 0;
}

SEC("ksyscall/openat")
int BPF_KSYSCALL(open_call, int dfd, const char *name)
{
	out = dfd;
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(loosely, unsigned long map, void *parent, u64 entry)
{
	out = map + (u64)parent + entry;
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(by_version, struct inode *dir, struct dentry *dentry, void *to, int ret)
{
	if (LINUX_KERNEL_VERSION < KERNEL_VERSION(5, 12, 0))
		out = ret;
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(by_variable, struct inode *dir, struct dentry *dentry)
{
	if (is_old)
		out = (u64)dentry;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_KPROBE(by_field, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	if (bpf_core_field_exists(struct renamedata___old, old_mnt_idmap))
		out = (u64)dentry;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int undeclared(u64 *ctx)
{
	out = ctx[2];
	return 0;
}

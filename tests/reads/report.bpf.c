// A program for each status of a matrix, for hooks that the fixtures have.
#define __VMLINUX_H__
#define __TARGET_ARCH_x86

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u64 u64;
typedef _Bool bool;

enum bpf_map_type { BPF_MAP_TYPE_UNSPEC };

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct inode;
struct dentry;
struct sock;
struct mnt_idmap;
struct renamedata___old {
	void *old_mnt_idmap;
} __attribute__((preserve_access_index));

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

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

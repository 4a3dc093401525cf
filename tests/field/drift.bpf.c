// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Programs as they are written without ctxgen, for hooks that changed between 5.10 and 7.3. Each notes what
 * it takes for an argument; whoever has made the call knows what is right. The names of the arguments are
 * those in the program that makes the calls.
 */
#include "../reads/types.h"

struct mnt_idmap;
struct kernel_siginfo;
struct open_how;
struct task_struct;
struct inode {
	unsigned long i_ino;
} __attribute__((preserve_access_index));
struct qstr {
	u32 len;
} __attribute__((preserve_access_index));
struct dentry {
	struct qstr d_name;
} __attribute__((preserve_access_index));
struct iattr {
	umode_t ia_mode;
} __attribute__((preserve_access_index));

char LICENSE[] SEC("license") = "GPL";

/* Who makes the calls. */
const volatile u32 only_pid;

struct {
	/* Set before the one call that counts. */
	u64 armed;
	u64 calls;
	u64 values[2];
} noted;

static __always_inline bool counts(void)
{
	return noted.armed && bpf_get_current_pid_tgid() >> 32 == only_pid && !noted.calls++;
}

/* As Linux 6.12 has it. */
SEC("fentry/vfs_unlink")
int BPF_PROG(unlink_dir, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	if (counts()) {
		noted.values[0] = BPF_CORE_READ(dir, i_ino);
		noted.values[1] = BPF_CORE_READ(dentry, d_name.len);
	}
	return 0;
}

/* As Linux 5.10 has it. */
SEC("fentry/vfs_unlink")
int BPF_PROG(unlink_dir_old, struct inode *dir, struct dentry *dentry)
{
	if (counts()) {
		noted.values[0] = BPF_CORE_READ(dir, i_ino);
		noted.values[1] = BPF_CORE_READ(dentry, d_name.len);
	}
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(unlink_ret, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	     struct inode **delegated, int ret)
{
	if (counts())
		noted.values[0] = (s64)ret;
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(unlink_ret_old, struct inode *dir, struct dentry *dentry, struct inode **delegated,
	     int ret)
{
	if (counts())
		noted.values[0] = (s64)ret;
	return 0;
}

SEC("kretprobe/vfs_unlink")
int BPF_KRETPROBE(unlink_returned, int ret)
{
	if (counts())
		noted.values[0] = (s64)ret;
	return 0;
}

SEC("kprobe/vfs_unlink")
int BPF_KPROBE(unlink_kprobe, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	if (counts()) {
		noted.values[0] = BPF_CORE_READ(dir, i_ino);
		noted.values[1] = BPF_CORE_READ(dentry, d_name.len);
	}
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_KPROBE(create_mode, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	       umode_t mode)
{
	if (counts())
		noted.values[0] = mode;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_KPROBE(create_mode_old, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	if (counts())
		noted.values[0] = mode;
	return 0;
}

/* Slots, where the kernel passes registers. */
SEC("kprobe/vfs_create")
int BPF_PROG(create_slots, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	     umode_t mode)
{
	if (counts())
		noted.values[0] = mode;
	return 0;
}

SEC("fentry/vfs_mkdir")
int BPF_PROG(mkdir_mode, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
	     umode_t mode)
{
	if (counts())
		noted.values[0] = mode;
	return 0;
}

/* Since Linux 6.15, this is a pointer. */
SEC("kretprobe/vfs_mkdir")
int BPF_KRETPROBE(mkdir_ret, int ret)
{
	if (counts())
		noted.values[0] = (s64)ret;
	return 0;
}

SEC("fentry/notify_change")
int BPF_PROG(chmod_mode, struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	if (counts())
		noted.values[0] = BPF_CORE_READ(attr, ia_mode);
	return 0;
}

SEC("fentry/notify_change")
int BPF_PROG(chmod_mode_old, struct dentry *dentry, struct iattr *attr)
{
	if (counts())
		noted.values[0] = BPF_CORE_READ(attr, ia_mode);
	return 0;
}

/* Since Linux 5.12, a struct has them. */
SEC("kprobe/vfs_rename")
int BPF_KPROBE(rename_old, struct inode *old_dir)
{
	if (counts())
		noted.values[0] = BPF_CORE_READ(old_dir, i_ino);
	return 0;
}

SEC("kprobe/do_sys_openat2")
int BPF_KPROBE(open_dfd, int dfd, const char *filename, struct open_how *how)
{
	if (counts()) {
		noted.values[0] = (s64)dfd;
		noted.values[1] = (u64)filename;
	}
	return 0;
}

SEC("kprobe/do_sys_openat2")
int BPF_PROG(open_slots, int dfd, const char *filename, struct open_how *how)
{
	if (counts()) {
		noted.values[0] = (s64)dfd;
		noted.values[1] = (u64)filename;
	}
	return 0;
}

SEC("tp_btf/signal_generate")
int BPF_PROG(signal_sig, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	if (counts())
		noted.values[0] = (s64)sig;
	return 0;
}

SEC("raw_tp/signal_generate")
int BPF_PROG(signal_raw, int sig, struct kernel_siginfo *info, struct task_struct *task, int group,
	     int result)
{
	if (counts()) {
		noted.values[0] = (s64)sig;
		noted.values[1] = (s64)group;
	}
	return 0;
}

struct openat {
	u64 common;
	long nr;
	long dfd;
	const char *filename;
	long flags;
};

SEC("tp/syscalls/sys_enter_openat")
int open_record(struct openat *ctx)
{
	if (counts()) {
		noted.values[0] = (s64)(int)ctx->dfd;
		noted.values[1] = (u64)ctx->filename;
	}
	return 0;
}

/* That of open(2), which has no descriptor before. */
struct open {
	u64 common;
	long nr;
	const char *filename;
	long flags;
};

SEC("tp/syscalls/sys_enter_openat")
int open_other_record(struct open *ctx)
{
	if (counts())
		noted.values[0] = (u64)ctx->filename;
	return 0;
}

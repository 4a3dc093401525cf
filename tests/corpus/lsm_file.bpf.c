// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* LSM programs: paths, credentials, flags of an enum's. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define FMODE_WRITE 2
#define LSM_SETID_ID 1

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct timespec64);
} times SEC(".maps");

char path[256];

SEC("lsm.s/file_open")
int open(struct btf_lsm_file_open_ctx *ctx)
{
	struct file *file = ctx->file;
	struct inode *inode = file->f_inode;
	struct timespec64 *time;

	if (file->f_flags & FMODE_WRITE)
		return 0;
	time = bpf_inode_storage_get(&times, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (time)
		time->tv_sec += inode->i_sb->s_blocksize;
	bpf_d_path(&file->f_path, path, sizeof(path));
	return file->f_path.dentry->d_name.len > 200 ? -1 : 0;
}

SEC("lsm/bprm_committed_creds")
int creds(struct btf_lsm_bprm_committed_creds_ctx *ctx)
{
	const struct cred *cred = ctx->bprm->cred;

	return cred->uid.val == cred->euid.val ? 0 : cred->user->uid.val;
}

SEC("lsm/task_fix_setuid")
int BPF_PROG(setuid, struct cred *new, const struct cred *old, int flags, int ret)
{
	if (ret)
		return ret;
	return new->uid.val == old->uid.val || flags == LSM_SETID_ID ? 0 : -1;
}

char LICENSE[] SEC("license") = "GPL";

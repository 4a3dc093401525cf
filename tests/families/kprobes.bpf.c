// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Functions of the kernel by their registers: one, many by a pattern, and both ends of a call. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, u32);
	__type(value, u64);
} begun SEC(".maps");

u64 bytes, refused, slowest, state_changes;

SEC("kprobe/vfs_read")
int read_begins(struct btf_kprobe_vfs_read_ctx *ctx)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 now = bpf_ktime_get_ns();
	struct file *file = ctx->file;

	if (BPF_CORE_READ(file, f_flags) & 04000)
		return 0;
	__sync_fetch_and_add(&bytes, ctx->count);
	bpf_map_update_elem(&begun, &tid, &now, BPF_ANY);
	return 0;
}

SEC("kretprobe/vfs_read")
int read_ends(struct btf_kretprobe_vfs_read_ctx *ctx)
{
	u32 tid = bpf_get_current_pid_tgid();
	u64 *since = bpf_map_lookup_elem(&begun, &tid);

	if (!since)
		return 0;
	if (ctx->ret < 0)
		__sync_fetch_and_add(&refused, 1);
	slowest = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&begun, &tid);
	return 0;
}

/* In front of `dentry`, kernels since 5.12 have another argument. */
SEC("kprobe/do_truncate")
int truncated(struct btf_kprobe_do_truncate_ctx *ctx)
{
	struct dentry *dentry = ctx->dentry;
	char name[32];

	bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
	bpf_printk("%s to %lld (%x)", name, ctx->length, ctx_get(ctx, time_attrs));
	return 0;
}

SEC("kprobe/do_sys_openat2")
int opened(struct btf_kprobe_do_sys_openat2_ctx *ctx)
{
	struct open_how *how = ctx->how;
	u64 flags = 0;
	char name[16];

	bpf_core_read(&flags, sizeof(flags), &how->flags);
	bpf_probe_read_user_str(name, sizeof(name), (const void *)ctx->filename);
	bpf_printk("%s at %d with %llx", name, ctx_get(ctx, dfd), flags);
	return 0;
}

SEC("kretprobe/do_sys_openat2")
int open_ended(struct btf_kretprobe_do_sys_openat2_ctx *ctx)
{
	return ctx_get(ctx, ret) < 0;
}

SEC("kprobe/tcp_set_state")
int tcp_state(struct btf_kprobe_tcp_set_state_ctx *ctx)
{
	struct sock *sk = ctx->sk;

	if (BPF_CORE_READ(sk, __sk_common.skc_state) != ctx_get(ctx, state))
		__sync_fetch_and_add(&state_changes, 1);
	return 0;
}

/* Nothing is returned by it. */
SEC("kretprobe/tcp_set_state")
int tcp_state_is_set(struct btf_kretprobe_tcp_set_state_ctx *ctx)
{
	return 0;
}

/* Whichever it is, its arguments are those of no function that one could name. */
SEC("kprobe.multi/tcp_*")
int any_of_tcp(struct pt_regs *ctx)
{
	__sync_fetch_and_add(&state_changes, 1);
	return 0;
}

SEC("kretprobe.multi/tcp_*")
int any_of_tcp_ends(struct pt_regs *ctx)
{
	return 0;
}

/* Where a pattern matches one function only, its context is the one of the function. */
SEC("kprobe.multi/vfs_fsync_range")
int synced(struct btf_kprobe_vfs_fsync_range_ctx *ctx)
{
	return ctx->end - ctx->start > 4096 && ctx_get(ctx, datasync);
}

SEC("kretprobe.multi/vfs_fsync_range")
int is_synced(struct btf_kretprobe_vfs_fsync_range_ctx *ctx)
{
	return ctx_get(ctx, ret) < 0;
}

SEC("kprobe/wake_up_new_task")
int woken(struct btf_kprobe_wake_up_new_task_ctx *ctx)
{
	struct task_struct *task = ctx->p;
	char comm[16];

	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	bpf_printk("%s of %d", comm, BPF_CORE_READ(task, real_parent, tgid));
	return 0;
}

/* A section that says no function: who loads the program attaches it to some. */
SEC("kprobe")
int anywhere(struct btf_kprobe_do_exit_ctx *ctx)
{
	return ctx->code & 0x7f;
}

SEC("kretprobe")
int back_from_anywhere(struct pt_regs *ctx)
{
	return 0;
}

/* In the middle of a function, arguments may be anywhere. */
SEC("?kprobe/do_exit+0x5")
int within(struct pt_regs *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Every file that is unlinked: by whom, with which result, and how long it took.
 *
 * Shows fentry and fexit. vfs_unlink() has taken other arguments in nearly every
 * long-term kernel, so that counting slots by hand breaks; `dentry` and `ret` by
 * name do not.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "task.h"

#define NAME_LEN 256

/* One unlink, as user space receives it. */
struct unlink_event {
	u64 time_ns;
	u64 duration_ns;
	u32 pid;
	u32 tid;
	s32 ret;
	u8 comm[COMM_LEN];
	u8 name[NAME_LEN];
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct unlink_event *const unlink_event_type = 0;

const volatile u32 only_pid;
const volatile bool only_failed;

/* Events that found the ring buffer full. */
u64 lost;

/*
 * When the unlinks under way began. The dentry tells them apart, and a task's id
 * would not: a stacked file system calls vfs_unlink() for its lower layer from
 * within. No two calls have the same dentry, as the parent directory is locked.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, u64);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

SEC("fentry/vfs_unlink")
int unlink_enter(struct btf_fentry_vfs_unlink_ctx *ctx)
{
	u64 dentry = (u64)ctx->dentry, now;

	if (only_pid && only_pid != bpf_get_current_pid_tgid() >> 32)
		return 0;

	now = bpf_ktime_get_ns();
	bpf_map_update_elem(&begun, &dentry, &now, BPF_ANY);
	return 0;
}

SEC("fexit/vfs_unlink")
int unlink_exit(struct btf_fexit_vfs_unlink_ctx *ctx)
{
	u64 dentry = (u64)ctx->dentry, pid_tgid, now, duration_ns, *start;
	int ret = ctx_get(ctx, ret);
	struct unlink_event *event;

	start = bpf_map_lookup_elem(&begun, &dentry);
	if (!start)
		return 0;
	now = bpf_ktime_get_ns();
	duration_ns = now - *start;
	bpf_map_delete_elem(&begun, &dentry);
	if (only_failed && !ret)
		return 0;

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	pid_tgid = bpf_get_current_pid_tgid();
	event->time_ns = now;
	event->duration_ns = duration_ns;
	event->pid = pid_tgid >> 32;
	event->tid = pid_tgid;
	event->ret = ret;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), ctx->dentry->d_name.name);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

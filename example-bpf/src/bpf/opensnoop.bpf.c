// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Every file that is opened: by whom, how, and with which result.
 *
 * Shows the tracepoints of system calls. Their contexts have the arguments by name and
 * type, each in the slot that a program really sees, which is not what the tracepoint's
 * format file says.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "task.h"

#define PATH_LEN 256

/* Macros in the kernel, of which BTF knows nothing: what creat() opens with. */
#define O_WRONLY 01
#define O_CREAT 0100
#define O_TRUNC 01000

/* The architectures that came to Linux late have openat() in place of open() and creat(). */
#if !defined(__TARGET_ARCH_arm64) && !defined(__TARGET_ARCH_riscv) && \
	!defined(__TARGET_ARCH_loongarch)
#define HAS_OPEN
#endif

/* One open, as user space receives it. */
struct open_event {
	u64 time_ns;
	u32 pid;
	u32 tid;
	u32 uid;
	s32 ret;
	s32 flags;
	u8 comm[COMM_LEN];
	u8 path[PATH_LEN];
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct open_event *const open_event_type = 0;

const volatile u32 only_pid;
const volatile u8 only_comm[COMM_LEN];
const volatile bool only_failed;

/* Events that found the ring buffer full. */
u64 lost;

/* What a thread has asked for. */
struct open_request {
	const char *path;
	s32 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, struct open_request);
} under_way SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static __always_inline int enter(const char *path, s32 flags)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct open_request request = { .path = path, .flags = flags };
	u8 comm[COMM_LEN] = {};

	if (only_pid && only_pid != pid_tgid >> 32)
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	if (comm_matches(comm, only_comm))
		bpf_map_update_elem(&under_way, &pid_tgid, &request, BPF_ANY);
	return 0;
}

static __always_inline int leave(s32 ret)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct open_request *request = bpf_map_lookup_elem(&under_way, &pid_tgid);
	struct open_event *event;

	if (!request)
		return 0;
	if (only_failed && ret >= 0)
		goto out;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		goto out;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->pid = pid_tgid >> 32;
	event->tid = pid_tgid;
	event->uid = bpf_get_current_uid_gid();
	event->ret = ret;
	event->flags = request->flags;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	/* The kernel has read it by now, so that it is in memory. */
	if (bpf_probe_read_user_str(event->path, sizeof(event->path), request->path) < 0)
		event->path[0] = '\0';
	bpf_ringbuf_submit(event, 0);
out:
	bpf_map_delete_elem(&under_way, &pid_tgid);
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int openat_enter(struct btf_tp_syscalls_sys_enter_openat_ctx *ctx)
{
	return enter(ctx->filename, ctx_get(ctx, flags));
}

SEC("tp/syscalls/sys_exit_openat")
int openat_exit(struct btf_tp_syscalls_sys_exit_openat_ctx *ctx)
{
	return leave(ctx->ret);
}

SEC("tp/syscalls/sys_enter_openat2")
int openat2_enter(struct btf_tp_syscalls_sys_enter_openat2_ctx *ctx)
{
	struct open_how how = {};

	bpf_probe_read_user(&how, sizeof(how), ctx->how);
	return enter(ctx->filename, how.flags);
}

SEC("tp/syscalls/sys_exit_openat2")
int openat2_exit(struct btf_tp_syscalls_sys_exit_openat2_ctx *ctx)
{
	return leave(ctx->ret);
}

#ifdef HAS_OPEN
SEC("tp/syscalls/sys_enter_open")
int open_enter(struct btf_tp_syscalls_sys_enter_open_ctx *ctx)
{
	return enter(ctx->filename, ctx_get(ctx, flags));
}

SEC("tp/syscalls/sys_exit_open")
int open_exit(struct btf_tp_syscalls_sys_exit_open_ctx *ctx)
{
	return leave(ctx->ret);
}

SEC("tp/syscalls/sys_enter_creat")
int creat_enter(struct btf_tp_syscalls_sys_enter_creat_ctx *ctx)
{
	return enter(ctx->pathname, O_WRONLY | O_CREAT | O_TRUNC);
}

SEC("tp/syscalls/sys_exit_creat")
int creat_exit(struct btf_tp_syscalls_sys_exit_creat_ctx *ctx)
{
	return leave(ctx->ret);
}
#endif

char LICENSE[] SEC("license") = "Dual MIT/GPL";

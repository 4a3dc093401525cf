// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Reports, and on demand denies, mprotect() calls that make memory writable and
 * executable at the same time.
 *
 * Shows an LSM program: `ret` holds what the modules before this one decided,
 * and theirs is the last word if it is a refusal.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "task.h"

#define PROT_WRITE 0x2
#define PROT_EXEC 0x4

/* One request for writable and executable memory, as user space receives it. */
struct mprotect_event {
	u64 time_ns;
	u64 start;
	u64 end;
	u32 pid;
	u32 tid;
	u32 uid;
	/* PROT_* asked for, and PROT_EXEC too where the personality adds it. */
	u32 prot;
	/* The mapping's VM_* flags before the call. */
	u64 vm_flags;
	u8 comm[COMM_LEN];
	u8 denied;
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct mprotect_event *const mprotect_event_type = 0;

/*
 * What the program returns for such a call: 0 or -EPERM. A choice between the two in
 * here would not do, as clang makes arithmetic of it that the verifier of 6.12 cannot
 * follow to its two results.
 */
const volatile s32 verdict;
const volatile u32 only_pid;
const volatile u8 only_comm[COMM_LEN];

/* Events that found the ring buffer full; what they were about is denied all the same. */
u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} events SEC(".maps");

static __always_inline void report(struct btf_lsm_file_mprotect_ctx *ctx, const u8 *comm)
{
	struct vm_area_struct *vma = ctx->vma;
	struct mprotect_event *event;
	u64 pid_tgid = bpf_get_current_pid_tgid();

	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->start = vma->vm_start;
	event->end = vma->vm_end;
	event->pid = pid_tgid >> 32;
	event->tid = pid_tgid;
	event->uid = bpf_get_current_uid_gid();
	event->prot = ctx->prot;
	event->vm_flags = vma->vm_flags;
	__builtin_memcpy(event->comm, comm, sizeof(event->comm));
	event->denied = verdict != 0;
	bpf_ringbuf_submit(event, 0);
}

SEC("lsm/file_mprotect")
int mprotect_guard(struct btf_lsm_file_mprotect_ctx *ctx)
{
	u8 comm[COMM_LEN] = {};
	int ret = ctx_get(ctx, ret);

	if (ret)
		return ret;
	if ((ctx->prot & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC))
		return 0;
	if (only_pid && only_pid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	if (!comm_matches(comm, only_comm))
		return 0;

	report(ctx, comm);
	return verdict;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

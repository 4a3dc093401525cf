// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Copies the context of a hook that user space names, and the texts that its arguments
 * point to.
 *
 * Shows ctxgen's library at run time. No program here knows its hook: user space reads the
 * kernel's prototype, sets what is to be attached to, and takes the copy apart by the
 * layout of the context. A helper copies it, since no load from it would suit every hook.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "task.h"

/* The largest struct of registers has less; of a longer record, the beginning is copied. */
#define CONTEXT_LEN 512
#define SLOT 8
#define MAX_TEXTS 4
#define TEXT_LEN 128

/* Where a text is. */
#define AT_POINTER 0
#define AT_USER_POINTER 1
/* From the record's beginning, or from the field's end, as many bytes as its lower half says. */
#define AT_OFFSET 2
#define AT_RELATIVE_OFFSET 3

/* One call, as user space receives it. */
struct trace_event {
	u64 time_ns;
	u32 hook;
	u32 pid;
	u32 tid;
	u32 uid;
	u8 comm[COMM_LEN];
	/* With their NUL; negative where a text cannot be read. */
	s32 text_len[MAX_TEXTS];
	u8 texts[MAX_TEXTS][TEXT_LEN];
	u8 context[CONTEXT_LEN];
};

/* Makes the skeleton define the type, which otherwise only ring buffer records have. */
struct trace_event *const trace_event_type = 0;

/* What user space calls the hook, how many bytes its context has, and where texts are. */
const volatile u32 hook;
const volatile u32 context_len;
const volatile u32 text_count;
const volatile u32 text_offset[MAX_TEXTS];
const volatile u8 text_kind[MAX_TEXTS];

const volatile u32 only_pid;
const volatile u8 only_comm[COMM_LEN];

/* Events that found the ring buffer full. */
u64 lost;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} events SEC(".maps");

/* Addresses of the kernel are in the upper half, except where it shares none with programs. */
static __always_inline bool is_user(u64 address)
{
#ifdef __TARGET_ARCH_s390
	return false;
#else
	return (s64)address >= 0;
#endif
}

static __always_inline s32 copy_text(struct trace_event *event, void *ctx, u32 number)
{
	u32 offset = text_offset[number], where = 0;
	u8 kind = text_kind[number], *text = event->texts[number];
	u64 address = 0;

	if (offset > CONTEXT_LEN - SLOT)
		return -1;
	if (kind == AT_OFFSET || kind == AT_RELATIVE_OFFSET) {
		__builtin_memcpy(&where, event->context + offset, sizeof(where));
		where &= 0xffff;
		if (kind == AT_RELATIVE_OFFSET)
			where += offset + sizeof(where);
		return bpf_probe_read_kernel_str(text, TEXT_LEN, ctx + where);
	}
	__builtin_memcpy(&address, event->context + offset, sizeof(address));
	if (kind == AT_USER_POINTER || is_user(address))
		return bpf_probe_read_user_str(text, TEXT_LEN, (void *)address);
	return bpf_probe_read_kernel_str(text, TEXT_LEN, (void *)address);
}

static __always_inline int copy(void *ctx)
{
	u64 pid_tgid = bpf_get_current_pid_tgid();
	struct trace_event *event;
	u32 len = context_len;
	u8 comm[COMM_LEN] = {};

	if (only_pid && only_pid != pid_tgid >> 32)
		return 0;
	bpf_get_current_comm(comm, sizeof(comm));
	if (!comm_matches(comm, only_comm))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return 0;
	}
	event->time_ns = bpf_ktime_get_ns();
	event->hook = hook;
	event->pid = pid_tgid >> 32;
	event->tid = pid_tgid;
	event->uid = bpf_get_current_uid_gid();
	__builtin_memcpy(event->comm, comm, sizeof(event->comm));
	if (len > CONTEXT_LEN)
		len = CONTEXT_LEN;
	bpf_probe_read_kernel(event->context, len, ctx);
	for (u32 number = 0; number < MAX_TEXTS; number++) {
		event->text_len[number] = -1;
		if (number < text_count)
			event->text_len[number] = copy_text(event, ctx, number);
	}
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("?fentry")
int fentry(void *ctx)
{
	return copy(ctx);
}

SEC("?fexit")
int fexit(void *ctx)
{
	return copy(ctx);
}

SEC("?tp_btf")
int tp_btf(void *ctx)
{
	return copy(ctx);
}

SEC("?raw_tp")
int raw_tp(void *ctx)
{
	return copy(ctx);
}

SEC("?tp")
int tp(void *ctx)
{
	return copy(ctx);
}

SEC("?kprobe")
int kprobe(void *ctx)
{
	return copy(ctx);
}

SEC("?kretprobe")
int kretprobe(void *ctx)
{
	return copy(ctx);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

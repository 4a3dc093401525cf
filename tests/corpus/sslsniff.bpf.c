// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.15 x86_64 aarch64
/* Functions of user space, and the registers that hold their arguments. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct data {
	u64 at;
	u32 len;
	char text[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, u64);
} buffers SEC(".maps");

SEC("uprobe")
int BPF_UPROBE(write_enter, void *ssl, const void *text, int num)
{
	u64 *buffer = bpf_task_storage_get(&buffers, bpf_get_current_task_btf(), 0,
					   BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (buffer)
		*buffer = (u64)text;
	return 0;
}

SEC("uretprobe")
int write_leave(struct pt_regs *ctx)
{
	u64 *buffer = bpf_task_storage_get(&buffers, bpf_get_current_task_btf(), 0, 0);
	struct data *data;

	if (!buffer || (int)PT_REGS_RC(ctx) <= 0)
		return 0;
	data = bpf_ringbuf_reserve(&events, sizeof(*data), 0);
	if (!data)
		return 0;
	data->at = PT_REGS_SP(ctx);
	data->len = PT_REGS_RC(ctx);
	bpf_probe_read_user(data->text, sizeof(data->text), (void *)*buffer);
	bpf_ringbuf_submit(data, BPF_RB_NO_WAKEUP);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

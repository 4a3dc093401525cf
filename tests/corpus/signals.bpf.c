// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Members of unions by value, arrays of structs, and strings. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct event {
	struct kernel_siginfo info;
	char comm[16];
	char name[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct event);
} scratch SEC(".maps");

SEC("tp_btf/signal_generate")
int BPF_PROG(generate, int sig, struct kernel_siginfo *info, struct task_struct *task)
{
	u32 zero = 0;
	struct event *event = bpf_map_lookup_elem(&scratch, &zero);
	struct dentry *dentry = BPF_CORE_READ(task, fs, pwd.dentry);
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid *upid = &pid->numbers[0];

	if (!event)
		return 0;
	bpf_probe_read_kernel(&event->info, sizeof(event->info), info);
	BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), name);
	return sig == event->info.si_signo ? BPF_CORE_READ(upid, nr) + event->info._sifields._kill._pid : 0;
}

char LICENSE[] SEC("license") = "GPL";

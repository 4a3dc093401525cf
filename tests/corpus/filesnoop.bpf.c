// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* Probes of functions with the macros of bpf_tracing.h. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u64);
	__type(value, struct open_how);
} opening SEC(".maps");

u64 opened[2];

SEC("kprobe/do_sys_openat2")
int BPF_KPROBE(enter, int dfd, const char *filename, struct open_how *how)
{
	u64 id = bpf_get_current_pid_tgid();
	struct open_how copy = {};

	copy.flags = BPF_CORE_READ(how, flags);
	copy.mode = BPF_CORE_READ(how, mode);
	bpf_map_update_elem(&opening, &id, &copy, BPF_ANY);
	return 0;
}

SEC("kretprobe/do_sys_openat2")
int BPF_KRETPROBE(leave, long ret)
{
	u64 id = bpf_get_current_pid_tgid();

	__sync_fetch_and_add(&opened[ret < 0], 1);
	bpf_map_delete_elem(&opening, &id);
	return 0;
}

SEC("ksyscall/openat")
int BPF_KSYSCALL(syscall, int dfd, const char *path, int flags)
{
	return flags != 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Classic tracepoints, and a chain of pointers through BPF_CORE_READ. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct event {
	pid_t pid;
	pid_t ppid;
	uid_t uid;
	int ret;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, pid_t);
	__type(value, struct event);
} execs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} events SEC(".maps");

SEC("tp/syscalls/sys_enter_execve")
int enter(struct trace_event_raw_sys_enter *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct event event = {};
	pid_t pid = bpf_get_current_pid_tgid() >> 32;

	if (!ctx->args[0])
		return 0;
	event.pid = pid;
	event.uid = bpf_get_current_uid_gid();
	event.ppid = BPF_CORE_READ(task, real_parent, tgid);
	bpf_map_update_elem(&execs, &pid, &event, BPF_NOEXIST);
	return 0;
}

SEC("tp/syscalls/sys_exit_execve")
int leave(struct trace_event_raw_sys_exit *ctx)
{
	pid_t pid = bpf_get_current_pid_tgid() >> 32;
	struct event *event = bpf_map_lookup_elem(&execs, &pid);

	if (!event)
		return 0;
	event->ret = ctx->ret;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, event, sizeof(*event));
	bpf_map_delete_elem(&execs, &pid);
	return 0;
}

SEC("tp/sched/sched_process_exit")
int gone(struct trace_event_raw_sched_process_template *ctx)
{
	/* Since 6.17, the event has a record of its own, with the pid elsewhere. */
	pid_t pid = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&execs, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

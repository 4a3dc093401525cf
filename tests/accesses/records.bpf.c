// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that take a trace event's record for one of the kernel's own structs:
 * those whose name begins with `other_` read what this event does not have there.
 * All of them load.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
u64 seen;

#define READS(section, name, type, ...)					\
	SEC("tp/" section) int name(struct type *c)			\
	{								\
		seen = (u64)(__VA_ARGS__);				\
		return 0;						\
	}

READS("syscalls/sys_enter_openat", other_exit, trace_event_raw_sys_exit, c->ret)
READS("syscalls/sys_exit_openat", other_enter, trace_event_raw_sys_enter, c->args[1])
READS("sched/sched_switch", other_fork, trace_event_raw_sched_process_fork, c->child_pid)
READS("sched/sched_switch", other_call, syscall_trace_enter, c->args[0])
READS("sched/sched_process_fork", other_switch, trace_event_raw_sched_switch, c->next_pid)

SEC("tp/sched/sched_switch") int other_by_cast(void *ctx)
{
	struct trace_event_raw_sched_process_fork *c = ctx;

	seen = c->child_pid;
	return 0;
}

static __noinline int child(struct trace_event_raw_sched_process_fork *c)
{
	return c->child_pid;
}

SEC("tp/sched/sched_switch") int other_in_function(void *ctx)
{
	seen = child(ctx);
	return 0;
}

READS("syscalls/sys_enter_openat", own_enter, trace_event_raw_sys_enter, c->args[1] + c->id)
READS("syscalls/sys_enter_openat", own_nr, syscall_trace_enter, c->args[1] + c->nr)
READS("syscalls/sys_exit_openat", own_exit, trace_event_raw_sys_exit, c->ret)
READS("syscalls/sys_exit_openat", own_ret, syscall_trace_exit, c->ret)
READS("raw_syscalls/sys_enter", own_raw, trace_event_raw_sys_enter, c->args[1] + c->id)
READS("sched/sched_switch", own_switch, trace_event_raw_sched_switch, c->next_prio)
READS("sched/sched_process_fork", own_fork, trace_event_raw_sched_process_fork, c->child_pid)
READS("sched/sched_switch", reads_nothing, trace_event_raw_sched_process_fork, 1)

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Types as other kernels have them, told apart by what follows three underscores. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct task_struct___before {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___since {
	unsigned int __state;
} __attribute__((preserve_access_index));

struct kernfs_iattrs___x {
	struct simple_xattrs___x {
		int nothing;
	} xattrs;
} __attribute__((preserve_access_index));

union bpf_attr___tiny {
	u32 map_type;
} __attribute__((preserve_access_index));

struct gone___x {
	int here;
} __attribute__((preserve_access_index));

u32 state;

SEC("tp_btf/sched_wakeup")
int wakeup(struct btf_trace_sched_wakeup_ctx *ctx)
{
	struct task_struct___before *before = (void *)ctx->p;
	struct task_struct___since *since = (void *)ctx->p;
	struct gone___x *gone = (void *)ctx->p;

	if (bpf_core_field_exists(since->__state))
		state = BPF_CORE_READ(since, __state);
	else
		bpf_core_read(&state, sizeof(state), &before->state);
	if (bpf_core_type_exists(struct gone___x))
		state += BPF_CORE_READ(gone, here);
	if (bpf_core_type_exists(union bpf_attr___tiny))
		state += bpf_core_type_size(struct kernfs_iattrs___x);
	return bpf_core_field_exists(struct task_struct, recent_used_cpu);
}

char LICENSE[] SEC("license") = "GPL";

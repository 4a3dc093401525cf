/* SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only */
#ifndef EXAMPLE_TASK_H
#define EXAMPLE_TASK_H

#include <bpf/bpf_core_read.h>

/* TASK_COMM_LEN, which older kernels have as a macro only: BTF knows no macros. */
#define COMM_LEN 16

#define TASK_RUNNING 0

/*
 * task_struct.state became task_struct.__state (and narrower) in 5.14. CO-RE
 * ignores what follows the three underscores, so that each flavour stands for
 * one of the two shapes and the object runs on both.
 */
struct task_struct___before_5_14 {
	volatile long state;
} __attribute__((preserve_access_index));

struct task_struct___since_5_14 {
	unsigned int __state;
} __attribute__((preserve_access_index));

static __always_inline unsigned int task_state(struct task_struct *task)
{
	struct task_struct___before_5_14 *before = (void *)task;
	struct task_struct___since_5_14 *since = (void *)task;

	if (bpf_core_field_exists(since->__state))
		return since->__state;
	return before->state;
}

/* An empty `wanted` stands for every name. */
static __always_inline bool comm_matches(const u8 *comm, const volatile u8 *wanted)
{
	if (!wanted[0])
		return true;
	for (int i = 0; i < COMM_LEN; i++) {
		if (comm[i] != wanted[i])
			return false;
		if (!comm[i])
			break;
	}
	return true;
}

#endif

// SPDX-License-Identifier: MIT OR Apache-2.0
/* Programs that all load, of which events take those alone that stay within their records. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define DOES(section, name, statement)					\
	SEC(section) __attribute__((naked)) int name(void *ctx)		\
	{								\
		asm volatile(statement "; r0 = 0; exit;");		\
	}

DOES("tp/sched/sched_switch", record_last, "r2 = *(u64 *)(r1 + 56)")
DOES("tp/sched/sched_switch", behind_record, "r2 = *(u64 *)(r1 + 64)")
DOES("tp/sched/sched_switch", behind_far, "r2 = *(u64 *)(r1 + 8184)")
DOES("tp/raw_syscalls/sys_exit", result, "r2 = *(u64 *)(r1 + 16)")
DOES("tp/raw_syscalls/sys_exit", behind_result, "r2 = *(u64 *)(r1 + 24)")

// SPDX-License-Identifier: MIT OR Apache-2.0
/* Programs that all load, of which events take those alone that stay within their records. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "does.h"

char LICENSE[] SEC("license") = "GPL";

DOES("tp/sched/sched_switch", record_last, "r2 = *(u64 *)(r1 + 56)")
DOES("tp/sched/sched_switch", behind_record, "r2 = *(u64 *)(r1 + 64)")
DOES("tp/sched/sched_switch", behind_far, "r2 = *(u64 *)(r1 + 8184)")
DOES("tp/raw_syscalls/sys_exit", result, "r2 = *(u64 *)(r1 + 16)")
DOES("tp/raw_syscalls/sys_exit", behind_result, "r2 = *(u64 *)(r1 + 24)")

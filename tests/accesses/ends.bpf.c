// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that load the last bytes of their contexts, and those behind them;
 * and that store to registers.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include "does.h"

char LICENSE[] SEC("license") = "GPL";

DOES("tp_btf/sched_switch", slot_last, "r2 = *(u64 *)(r1 + 24)")
DOES("tp_btf/sched_switch", behind_slots, "r2 = *(u64 *)(r1 + 32)")
DOES("tp_btf/sched_switch", behind_far, "r2 = *(u64 *)(r1 + 64)")
DOES("raw_tp/sched_switch", slot_of_any, "r2 = *(u64 *)(r1 + 88)")
DOES("raw_tp/sched_switch", behind_any, "r2 = *(u64 *)(r1 + 96)")
DOES("iter/task", member_last, "r2 = *(u64 *)(r1 + 8)")
DOES("iter/task", behind_members, "r2 = *(u64 *)(r1 + 24)")
DOES("kprobe/vfs_read", register_last, "r2 = *(u64 *)(r1 + 160)")
DOES("kprobe/vfs_read", behind_registers, "r2 = *(u64 *)(r1 + 168)")
DOES("kprobe/vfs_read", behind_stored, "r2 = 0; *(u64 *)(r1 + 8) = r2")
DOES("tp/sched/sched_switch", record_last, "r2 = *(u64 *)(r1 + 56)")
DOES("tp/sched/sched_switch", behind_record, "r2 = *(u64 *)(r1 + 8192)")

// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs whose arguments are numbers to the verifier: those whose name begins
 * with `not_` follow one, and the running kernel refuses them.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";
u64 seen;

u64 counts[512];
u8 bytes[512];
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64[16]);
} values SEC(".maps");

static __noinline int flags_of(struct file *file) { return file->f_flags; }
__noinline int marked(struct file *file __attribute__((btf_decl_tag("arg:untrusted")))) { return file->f_flags; }

#define PROG(section, context, name, ...)		\
SEC(section) int name(context *ctx)			\
{							\
	__VA_ARGS__;					\
	return 0;					\
}

#define READ(name, ...) PROG("kprobe/vfs_read", struct btf_kprobe_vfs_read_ctx, name, __VA_ARGS__)
READ(not_directly, seen += ctx->file->f_flags)
READ(not_by_a_variable, struct file *file = ctx->file; if (file) seen += file->f_flags)
READ(not_in_a_function, seen += flags_of(ctx->file))
READ(not_stored_to, *(volatile char *)ctx->buf = 0)
READ(by_core, struct file *file = ctx->file; seen += BPF_CORE_READ(file, f_flags))
READ(by_a_helper, unsigned int flags = 0; bpf_probe_read_kernel(&flags, sizeof(flags), &ctx->file->f_flags); seen += flags)
READ(as_a_number, seen += (u64)ctx->file + ctx->count)
READ(as_an_index, u64 i = ctx->count; if (i < 512) counts[i]++)
READ(as_an_index_of_bytes, u64 i = ctx->count; if (i < 512) bytes[i]++)
READ(as_an_index_of_a_value, u32 zero = 0; u64 i = ctx->count; u64 *slots = bpf_map_lookup_elem(&values, &zero); if (slots && i < 16) slots[i]++)
READ(in_a_marked_function, seen += marked(ctx->file))

PROG("kprobe/vfs_read", struct pt_regs, not_of_registers, seen += ((struct file *)PT_REGS_PARM1(ctx))->f_flags)
PROG("raw_tp/sched_wakeup", struct btf_trace_sched_wakeup_ctx, not_of_slot, seen += ctx->p->pid)
PROG("raw_tp/sched_wakeup", struct bpf_raw_tracepoint_args, not_of_args, seen += ((struct task_struct *)ctx->args[0])->pid)
PROG("raw_tp/sched_wakeup", struct btf_trace_sched_wakeup_ctx, slot_by_core, struct task_struct *p = ctx->p; seen += BPF_CORE_READ(p, pid))
PROG("tp_btf/sched_wakeup", struct btf_trace_sched_wakeup_ctx, typed_slot, seen += ctx->p->pid)
PROG("tp/skb/kfree_skb", struct btf_tp_skb_kfree_skb_ctx, not_of_record, seen += *(char *)ctx->skbaddr)
PROG("tp/sched/sched_switch", struct btf_tp_sched_sched_switch_ctx, field_of_record, seen += ctx->prev_comm[1])
PROG("perf_event", struct bpf_perf_event_data, not_of_event, seen += *(char *)ctx->regs.sp)

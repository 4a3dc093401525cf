// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs with pointers that may be NULL: those whose name begins with `not_`
 * follow one that they have not compared, and the running kernel refuses them.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";
u64 seen;

static __noinline int pid_of(struct task_struct *task) { return task->pid; }

#define PROG(section, context, name, ...)		\
SEC(section) int name(context *ctx)			\
{							\
	__VA_ARGS__;					\
	return 0;					\
}

#define EACH(name, ...) PROG("iter/task", struct bpf_iter__task, name, __VA_ARGS__)
EACH(not_at_all, seen += ctx->task->pid)
EACH(not_the_second, if (ctx->task) { seen += bpf_ktime_get_ns(); asm volatile("" ::: "memory"); seen += ctx->task->pid; })
EACH(not_behind_a_helper, if (ctx->task) { BPF_SEQ_PRINTF(ctx->meta->seq, "-"); seen += ctx->task->pid; })
EACH(not_read, struct task_struct *task = ctx->task; seen += BPF_CORE_READ(task, pid))
EACH(not_in_a_function, seen += pid_of(ctx->task))
EACH(once, struct task_struct *task = ctx->task; if (task) seen += task->pid)
EACH(kept, struct task_struct *task = ctx_get(ctx, task); if (task) seen += task->pid)
EACH(read, struct task_struct *task = ctx->task; if (task) seen += BPF_CORE_READ(task, pid))
EACH(in_a_function, struct task_struct *task = ctx->task; if (task) seen += pid_of(task))
EACH(as_a_number, int pid = 0; bpf_probe_read_kernel(&pid, sizeof(pid), ctx->task); seen += pid)
EACH(meta, seen += ctx->meta->session_id; if (ctx->task) seen++)

#define FILES(name, ...) PROG("iter/task_file", struct bpf_iter__task_file, name, __VA_ARGS__)
FILES(not_of_file, struct task_struct *task = ctx->task; if (task) seen += ctx->file->f_flags + task->pid)
FILES(of_file, struct file *file = ctx->file; if (file) seen += file->f_flags)

PROG("iter/bpf_map", struct bpf_iter__bpf_map, not_of_map, seen += ctx->map->id)
PROG("iter/bpf_map_elem", struct bpf_iter__bpf_map_elem, map_of_elements, seen += ctx->map->id)
PROG("iter/tcp", struct bpf_iter__tcp, not_of_sock, seen += ctx->sk_common->skc_family)
PROG("iter/cgroup", struct bpf_iter__cgroup, not_of_group, seen += ctx->cgroup->level)

#define FREED(name, context, ...) PROG("tp_btf/kfree_skb", context, name, __VA_ARGS__)
FREED(not_of_tracepoint, struct btf_trace_kfree_skb_ctx, seen += ctx->rx_sk->__sk_common.skc_family)
FREED(not_of_slot, u64, struct sock *sk = (void *)ctx[3]; seen += sk->__sk_common.skc_family)
FREED(of_tracepoint, struct btf_trace_kfree_skb_ctx, struct sock *sk = ctx->rx_sk; if (sk) seen += sk->__sk_common.skc_family)
FREED(of_slot, u64, struct sock *sk = (void *)ctx[3]; if (sk) seen += sk->__sk_common.skc_family)
FREED(never_null, struct btf_trace_kfree_skb_ctx, seen += ctx->skb->len)

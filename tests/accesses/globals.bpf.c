// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Programs that call global functions with something else than their context:
 * those whose name begins with `not_` are refused by the running kernel.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#ifndef __arg_untrusted
#define __arg_untrusted __attribute__((btf_decl_tag("arg:untrusted")))
#endif

char LICENSE[] SEC("license") = "GPL";
u64 seen;

struct own {
	int a;
	long b;
} own;

struct unknown;

#define KEPT(p)						\
{							\
	asm volatile("" :: "r"(p));			\
	return 0;					\
}

__noinline int task(struct task_struct *p) { return p ? p->pid : 0; }
__noinline int task_nonnull(struct task_struct *p __arg_nonnull) { return p->pid; }
__noinline int task_copied(struct task_struct *p) { return p ? BPF_CORE_READ(p, pid) : 0; }
__noinline int trusted(struct task_struct *p __arg_trusted) { return p->pid; }
__noinline int nullable(struct task_struct *p __arg_trusted __arg_nullable) { return p ? p->pid : 0; }
__noinline int untrusted(struct task_struct *p __arg_untrusted) { return p->pid; }
__noinline int any_memory(void *p) KEPT(p)
__noinline int any_untrusted(void *p __arg_untrusted) { return *(int *)p; }
__noinline int undefined(struct unknown *p) KEPT(p)
__noinline int function(int (*p)(int)) KEPT(p)
__noinline int integer(int *p) KEPT(p)
__noinline int string(const char *p) KEPT(p)
__noinline int pointers(struct task_struct **p) KEPT(p)
__noinline int number(u64 p) KEPT(p)
__noinline int casts(unsigned long p) { return BPF_CORE_READ((struct task_struct *)p, pid); }
__noinline int owns(struct own *p) { return p ? p->a : 0; }
__noinline int owns_nonnull(struct own *p __arg_nonnull) { return p->a; }
__noinline int owns_untrusted(struct own *p __arg_untrusted) { return p->a; }
__noinline int owns_trusted(struct own *p __arg_trusted) { return p->a; }
__noinline int second(int a, struct task_struct *p) KEPT(p)
__noinline int further(struct task_struct *p __arg_trusted) { return task(p); }
static __noinline int within(struct task_struct *p) { return p->pid; }

#define PROG(section, context, name, ...)		\
SEC(section) int name(struct context *ctx)		\
{							\
	__VA_ARGS__;					\
	return 0;					\
}

#define WOKEN(name, ...) PROG("tp_btf/sched_wakeup", btf_trace_sched_wakeup_ctx, name, __VA_ARGS__)
WOKEN(not_task, seen += task(ctx->p))
WOKEN(not_nonnull, seen += task_nonnull(ctx->p))
WOKEN(not_copied, seen += task_copied(ctx->p))
WOKEN(not_parent, seen += task(ctx->p->real_parent))
WOKEN(not_current, seen += task(bpf_get_current_task_btf()))
WOKEN(not_number, seen += task((void *)bpf_get_current_task()))
WOKEN(not_any, seen += any_memory(ctx->p))
WOKEN(not_any_of_stack, struct own o = {}; seen += any_memory(&o))
WOKEN(not_undefined, seen += undefined((void *)&own))
WOKEN(not_function, seen += function(0))
WOKEN(not_as_number, seen += number((u64)ctx->p))
WOKEN(not_of_the_kernel, struct own o = {}; seen += owns_untrusted(&o))
WOKEN(not_of_the_kernel_either, struct own o = {}; seen += owns_trusted(&o))
WOKEN(not_trusted, struct own o = {}; seen += trusted((void *)&o))
WOKEN(not_second, seen += second(1, ctx->p))
WOKEN(not_further, seen += further(ctx->p))
WOKEN(if_trusted, seen += trusted(ctx->p))
WOKEN(if_nullable, seen += nullable(ctx->p))
WOKEN(if_untrusted, seen += untrusted(ctx->p))
WOKEN(parent_if_trusted, seen += trusted(ctx->p->real_parent))
WOKEN(current_if_trusted, seen += trusted(bpf_get_current_task_btf()))
WOKEN(number_if_untrusted, seen += untrusted((void *)bpf_get_current_task()))
WOKEN(any_if_untrusted, seen += any_untrusted(ctx->p))
WOKEN(stack_if_untrusted, struct own o = {}; seen += any_untrusted(&o))
WOKEN(own_on_stack, struct own o = {}; seen += owns(&o))
WOKEN(own_nonnull, struct own o = {}; seen += owns_nonnull(&o))
WOKEN(own_variable, seen += owns(&own))
WOKEN(own_null, seen += owns(0))
WOKEN(null, seen += task(0))
WOKEN(a_number, seen += number(ctx->p->pid))
WOKEN(an_integer, int a = seen; seen += integer(&a))
WOKEN(a_pointer_on_stack, struct task_struct *p = ctx->p; seen += pointers(&p))
WOKEN(of_a_static, seen += within(ctx->p))

#define ENTERED(name, ...) PROG("kprobe/wake_up_new_task", btf_kprobe_wake_up_new_task_ctx, name, __VA_ARGS__)
ENTERED(not_of_register, seen += task(ctx->p))
ENTERED(not_copied_of_register, seen += task_copied(ctx->p))
ENTERED(not_trusted_of_register, seen += trusted(ctx->p))
ENTERED(register_if_untrusted, seen += untrusted(ctx->p))
ENTERED(register_as_number, seen += casts((unsigned long)ctx->p))

#define RAW(name, ...) PROG("raw_tp/sched_wakeup", btf_trace_sched_wakeup_ctx, name, __VA_ARGS__)
RAW(not_of_bare_slot, seen += task(ctx->p))
RAW(bare_slot_if_untrusted, seen += untrusted(ctx->p))
RAW(bare_slot_as_number, seen += casts((unsigned long)ctx->p))

#define EACH(name, ...) PROG("iter/task", bpf_iter__task, name, __VA_ARGS__)
EACH(not_of_iterator, seen += task(ctx->task))
EACH(iterator_if_trusted, struct task_struct *p = ctx->task; if (p) seen += trusted(p))
EACH(iterator_if_nullable, seen += nullable(ctx->task))

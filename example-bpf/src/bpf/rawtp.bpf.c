// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
/*
 * Notes each argument that it is called with, for user space to compare.
 *
 * Shows plain raw tracepoints, and that C and Rust agree on their contexts: the
 * programs are never attached but called through BPF_PROG_TEST_RUN with a context
 * that user space fills in through the generated Rust struct.
 *
 * Between the two tracepoints there is a bool, integers of 1, 4 and 8 bytes of
 * either sign, and pointers. Those of percpu_alloc_percpu moved by a slot between
 * 5.10 and 6.1.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

/* All as wide as a slot: a value that was read too wide or without its sign shows. */
struct percpu_alloc_seen {
	s64 reserved;
	s64 is_atomic;
	s64 size;
	s64 align;
	s64 base_addr;
	s64 off;
	s64 ptr;
};

struct neigh_update_seen {
	s64 n;
	s64 lladdr;
	s64 new;
	s64 flags;
	s64 nlmsg_pid;
};

struct percpu_alloc_seen percpu_alloc_seen;
struct neigh_update_seen neigh_update_seen;

SEC("raw_tp/percpu_alloc_percpu")
int percpu_alloc(struct btf_trace_percpu_alloc_percpu_ctx *ctx)
{
	percpu_alloc_seen.reserved = ctx_get(ctx, reserved);
	percpu_alloc_seen.is_atomic = ctx_get(ctx, is_atomic);
	percpu_alloc_seen.size = ctx->size;
	percpu_alloc_seen.align = ctx->align;
	percpu_alloc_seen.base_addr = (s64)ctx->base_addr;
	percpu_alloc_seen.off = ctx_get(ctx, off);
	percpu_alloc_seen.ptr = (s64)ctx->ptr;
	return 0;
}

SEC("raw_tp/neigh_update")
int neigh_update(struct btf_trace_neigh_update_ctx *ctx)
{
	neigh_update_seen.n = (s64)ctx->n;
	neigh_update_seen.lladdr = (s64)ctx->lladdr;
	neigh_update_seen.new = ctx_get(ctx, new);
	neigh_update_seen.flags = ctx_get(ctx, flags);
	neigh_update_seen.nlmsg_pid = ctx_get(ctx, nlmsg_pid);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";

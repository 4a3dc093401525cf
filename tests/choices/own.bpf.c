// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.1
/* Contexts of the kernel's own. */
#include "choices.h"

char LICENSE[] SEC("license") = "GPL";

SEC("socket")
int filter(struct __sk_buff *ctx)
{
	return ALL(OWN, ctx, len, protocol, mark);
}

/* Where offsets in fixed contexts are relocated, only the build tells that this is refused. */
#if defined(RELOCATABLE) || __has_attribute(preserve_static_offset)
SEC("socket")
int filter_again(struct __sk_buff *ctx)
{
	return AGAIN(OWN, ctx, protocol, mark);
}
#endif

SEC("tc")
int classify(struct __sk_buff *ctx)
{
	seen = ALL(OWN, ctx, ifindex, cb[1], cb[4]);
	return 0;
}

SEC("cgroup_skb/egress")
int out(struct __sk_buff *ctx)
{
	seen = ALL(OWN, ctx, family, local_port, remote_port);
	return 1;
}

SEC("xdp")
int packet(struct xdp_md *ctx)
{
	seen = ALL(OWN, ctx, ingress_ifindex, rx_queue_index, ingress_ifindex);
	return 2;
}

SEC("cgroup/connect4")
int connect(struct bpf_sock_addr *ctx)
{
	seen = ALL(OWN, ctx, user_ip4, user_port, type);
	return 1;
}

SEC("cgroup/sock_create")
int create(struct bpf_sock *ctx)
{
	seen = ALL(OWN, ctx, type, protocol, mark);
	return 1;
}

SEC("cgroup/sysctl")
int setting(struct bpf_sysctl *ctx)
{
	seen = ALL(OWN, ctx, write, file_pos, write);
	return 1;
}

SEC("cgroup/setsockopt")
int option(struct bpf_sockopt *ctx)
{
	seen = ALL(OWN, ctx, level, optname, optlen);
	return 1;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
	seen = ALL(OWN, ctx, access_type, major, minor);
	return 1;
}

SEC("sockops")
int operation(struct bpf_sock_ops *ctx)
{
	seen = ALL(OWN, ctx, op, family, remote_port);
	return 1;
}

SEC("sk_msg")
int message(struct sk_msg_md *ctx)
{
	seen = ALL(OWN, ctx, family, local_port, size);
	return 1;
}

SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *ctx)
{
	seen = ALL(OWN, ctx, family, protocol, local_port);
	return 1;
}

SEC("sk_reuseport")
int reuse(struct sk_reuseport_md *ctx)
{
	seen = ALL(OWN, ctx, len, hash, ip_protocol);
	return 1;
}

SEC("perf_event")
int sample(struct bpf_perf_event_data *ctx)
{
	seen = ALL(OWN, ctx, sample_period, addr, sample_period);
	return 0;
}

#ifdef __TARGET_ARCH_x86
SEC("perf_event")
int sampled_registers(struct bpf_perf_event_data *ctx)
{
	seen = ALL(OWN, ctx, regs.sp, regs.ax, addr);
	return 0;
}
#endif

SEC("raw_tp/sched_switch")
int raw(struct bpf_raw_tracepoint_args *ctx)
{
	seen = ALL(OWN, ctx, args[1], args[2], args[0]);
	return 0;
}

#ifdef __TARGET_ARCH_x86
SEC("kprobe/vfs_read")
int registers(struct pt_regs *ctx)
{
	seen = ALL(OWN, ctx, di, si, dx);
	return 0;
}

SEC("kprobe/vfs_read")
int parameters(struct pt_regs *ctx)
{
#ifdef PLAIN_OWN
	seen = which ? ctx->cx : ctx->r8;
#else
	seen = which ? ctx_keep(ctx->cx) : ctx_keep(ctx->r8);
#endif
	return 0;
}
#endif

/* These the kernel may change: they are relocated, as all of its other structs. */
SEC("iter/task_file")
int files(struct bpf_iter__task_file *ctx)
{
	seen = which ? (u64)ctx_get(ctx, task) : (u64)ctx_get(ctx, file);
	return 0;
}

// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10 x86_64 aarch64
/* A struct_ops congestion control: casts to the kinds of socket, and a macro of each. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define USEC_PER_MSEC 1000

struct lite {
	u32 cwnd;
	u32 epoch;
};

static __always_inline struct inet_connection_sock *inet_csk(const struct sock *sk)
{
	return (struct inet_connection_sock *)sk;
}

static __always_inline void *inet_csk_ca(const struct sock *sk)
{
	return (void *)inet_csk(sk)->icsk_ca_priv;
}

static __always_inline struct tcp_sock *tcp_sk(const struct sock *sk)
{
	return (struct tcp_sock *)sk;
}

SEC("struct_ops/lite_init")
void BPF_PROG(lite_init, struct sock *sk)
{
	struct lite *ca = inet_csk_ca(sk);

	ca->cwnd = tcp_sk(sk)->snd_cwnd;
	ca->epoch = 0;
}

SEC("struct_ops/lite_cong_avoid")
void BPF_PROG(lite_cong_avoid, struct sock *sk, __u32 ack, __u32 acked)
{
	struct tcp_sock *tp = tcp_sk(sk);
	struct lite *ca = inet_csk_ca(sk);

	if (tp->snd_cwnd < tp->snd_ssthresh)
		tp->snd_cwnd += acked;
	else if (++ca->epoch % tp->snd_cwnd == 0)
		tp->snd_cwnd++;
}

SEC("struct_ops/lite_ssthresh")
__u32 BPF_PROG(lite_ssthresh, struct sock *sk)
{
	return tcp_sk(sk)->snd_cwnd / 2;
}

SEC("struct_ops/lite_undo")
__u32 BPF_PROG(lite_undo, struct sock *sk)
{
	return tcp_sk(sk)->prior_cwnd;
}

SEC("struct_ops/lite_acked")
void BPF_PROG(lite_acked, struct sock *sk, const struct ack_sample *sample)
{
	struct lite *ca = inet_csk_ca(sk);

	if (sample->rtt_us > USEC_PER_MSEC && inet_csk(sk)->icsk_ca_state == TCP_CA_Open)
		ca->cwnd = 0;
}

SEC(".struct_ops")
struct tcp_congestion_ops lite = {
	.init = (void *)lite_init,
	.cong_avoid = (void *)lite_cong_avoid,
	.ssthresh = (void *)lite_ssthresh,
	.undo_cwnd = (void *)lite_undo,
	.pkts_acked = (void *)lite_acked,
	.name = "bpf_lite",
};

char LICENSE[] SEC("license") = "GPL";

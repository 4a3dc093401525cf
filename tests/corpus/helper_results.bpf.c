// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.15
/*
 * What helpers return is used without its name being written: of tcp6_sock,
 * tcp_request_sock and bpf_tcp_sock.
 */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

u64 seen[6];

SEC("fentry/tcp_v6_connect")
int connect(u64 *ctx)
{
	seen[0] = bpf_get_current_task_btf()->start_time;
	seen[1] = bpf_skc_to_tcp6_sock((void *)ctx[0])->tcp.snd_cwnd;
	seen[2] = bpf_skc_to_tcp_request_sock((void *)ctx[0])->rcv_isn;
	return 0;
}

SEC("lsm/file_receive")
int receive(struct btf_lsm_file_receive_ctx *ctx)
{
	seen[3] = bpf_sock_from_file(ctx->file)->sk->sk_protocol;
	seen[4] = bpf_get_current_task_btf()->mm->total_vm;
	return 0;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;

	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (sk)
		seen[5] = sk->family + (bpf_tcp_sock(sk) ? bpf_tcp_sock(sk)->srtt_us : 0);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

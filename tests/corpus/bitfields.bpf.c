// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Bitfields, read directly and through CO-RE. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u64 seen[8];

SEC("tp_btf/sched_switch")
int direct(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	struct sk_buff *skb = (void *)ctx[2];

	seen[0] = BPF_CORE_READ_BITFIELD(task, sched_reset_on_fork);
	seen[1] = BPF_CORE_READ_BITFIELD_PROBED(task, in_execve);
	seen[2] = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
	seen[3] = BPF_CORE_READ_BITFIELD_PROBED(skb, ip_summed);
	seen[4] = bpf_core_field_size(skb->cb);
	seen[5] = bpf_core_field_offset(struct sk_buff, len);
	seen[6] = task->sched_contributes_to_load;
	seen[7] = bpf_core_field_exists(((struct tcp_sock *)0)->is_sack_reneg);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

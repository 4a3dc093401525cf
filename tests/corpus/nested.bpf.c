// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Members of structs and unions without a name, of packets and pages. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u64 seen[8];

SEC("kprobe")
int look(struct pt_regs *ctx)
{
	struct sk_buff *skb = (void *)bpf_get_current_task();
	struct page *page = (void *)skb;
	struct vm_area_struct *vma = (void *)skb;
	struct bio_vec *vec = (void *)skb;
	struct fown_struct own;

	seen[0] = BPF_CORE_READ(skb, dev, ifindex);
	seen[1] = BPF_CORE_READ(skb, head) - BPF_CORE_READ(skb, data);
	seen[2] = BPF_CORE_READ(page, mapping, host, i_ino);
	seen[3] = BPF_CORE_READ(vma, vm_start) + BPF_CORE_READ(vma, vm_mm, total_vm);
	seen[4] = BPF_CORE_READ(vec, bv_page, mapping, host, i_mode);
	seen[5] = BPF_CORE_READ(skb, tstamp);
	bpf_core_read(&own, sizeof(own), skb);
	seen[6] = own.signum;
	seen[7] = BPF_CORE_READ(skb, sk, __sk_common.skc_portpair);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

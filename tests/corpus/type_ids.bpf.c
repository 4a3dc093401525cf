// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Types by number and size only, no member of which is used. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

u64 ids[4];

struct mine {
	int x;
};

SEC("fentry/bpf_fentry_test1")
int numbers(void *ctx)
{
	struct btf_ptr ptr = {};

	ids[0] = bpf_core_type_id_kernel(struct super_block);
	ids[1] = bpf_core_type_id_local(struct mine);
	ids[2] = bpf_core_type_size(struct net_device);
	ids[3] = bpf_core_type_exists(typeof(struct vm_operations_struct));
	ptr.type_id = bpf_core_type_id_kernel(struct sk_buff);
	return ptr.type_id + bpf_core_type_size(union thread_union) + sizeof(struct page);
}

char LICENSE[] SEC("license") = "GPL";

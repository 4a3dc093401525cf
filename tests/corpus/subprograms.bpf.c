// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.15
/* Functions of the program's own, called, looped over and jumped to. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(u32));
	__uint(value_size, sizeof(u32));
} jumps SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, struct bpf_pidns_info);
} infos SEC(".maps");

static long each(struct bpf_map *map, u32 *key, struct bpf_pidns_info *info, void *sum)
{
	*(u64 *)sum += info->pid + map->max_entries;
	return *key > 3;
}

__noinline int weigh(struct __sk_buff *skb, int factor)
{
	return skb->len * factor;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	u64 sum = 0;

	bpf_for_each_map_elem(&infos, each, &sum, 0);
	if (sum > 4)
		bpf_tail_call(skb, &jumps, 1);
	return weigh(skb, 3) + sum;
}

char LICENSE[] SEC("license") = "GPL";

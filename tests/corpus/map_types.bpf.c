// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.15
/* Maps of kernel types: locks, timers, addresses, a map in a map. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

struct element {
	struct bpf_spin_lock lock;
	struct bpf_timer timer;
	struct sockaddr_in6 address;
	struct timespec64 since;
	struct list_head *next;
};

struct pair {
	struct in6_addr from;
	struct in_addr to;
	enum sock_type type;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct pair);
	__type(value, struct element);
} elements SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct bpf_perf_event_value);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &inner } };

static int fired(void *map, struct pair *key, struct element *element)
{
	bpf_timer_start(&element->timer, 1000, 0);
	return key->type == SOCK_DGRAM;
}

SEC("tc")
int touch(struct __sk_buff *skb)
{
	struct pair key = { .type = SOCK_RAW };
	struct element *element = bpf_map_lookup_elem(&elements, &key);

	if (!element)
		return 0;
	bpf_spin_lock(&element->lock);
	element->address.sin6_port = skb->vlan_tci;
	bpf_spin_unlock(&element->lock);
	bpf_timer_init(&element->timer, &elements, 1);
	bpf_timer_set_callback(&element->timer, fired);
	return element->since.tv_nsec;
}

char LICENSE[] SEC("license") = "GPL";

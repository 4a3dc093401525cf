// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 6.1
/* Enums by value, by name and by nothing but a value; of 32 and 64 bits. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

enum hrtimer_mode___x {
	HRTIMER_MODE_NOT_THERE___x = 7,
};

/* These two are values of enums without a name. */
int anonymous[] = { BPF_F_USER_STACK, TCP_NEW_SYN_RECV, IPSTATS_MIB_INPKTS };
u64 wide = BPF_F_CTXLEN_MASK;
enum bpf_prog_type types[] = { BPF_PROG_TYPE_XDP, BPF_PROG_TYPE_LSM };
enum pid_type by_tag;

SEC("kprobe")
int values(void *ctx)
{
	u64 sum = 0;

	sum += bpf_core_enum_value(enum pid_type, PIDTYPE_TGID);
	sum += bpf_core_enum_value(enum hrtimer_mode, HRTIMER_MODE_REL);
	if (bpf_core_enum_value_exists(enum hrtimer_mode___x, HRTIMER_MODE_NOT_THERE___x))
		sum += 1;
	if (bpf_core_enum_value_exists(enum bpf_map_type, BPF_MAP_TYPE_BLOOM_FILTER))
		sum += bpf_core_enum_value(enum bpf_map_type, BPF_MAP_TYPE_BLOOM_FILTER);
	if (bpf_core_type_exists(enum bpf_attach_type))
		sum += bpf_core_type_size(enum bpf_attach_type);
	by_tag = PIDTYPE_PID;
	return sum + wide;
}

char LICENSE[] SEC("license") = "GPL";

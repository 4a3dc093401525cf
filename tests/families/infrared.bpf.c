// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* An infrared receiver: what it saw, as a number. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

u64 pulses;

SEC("lirc_mode2")
int seen(unsigned int *ctx)
{
	if ((*ctx & 0xff000000) == 0x01000000)
		__sync_fetch_and_add(&pulses, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

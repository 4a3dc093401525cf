// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.14
/* Sockets that take over from others. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

SEC("sk_reuseport/migrate")
int choose(struct sk_reuseport_md *ctx)
{
	return ctx->migrating_sk ? SK_PASS : SK_DROP;
}

char LICENSE[] SEC("license") = "GPL";

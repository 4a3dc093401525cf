// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Variables and settings of the kernel, with their types. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

extern const struct rq runqueues __ksym;
extern const int bpf_prog_active __ksym __weak;
extern const void schedule __ksym;
extern int LINUX_KERNEL_VERSION __kconfig;
extern enum libbpf_tristate CONFIG_BPF_JIT __kconfig __weak;
extern bool CONFIG_SMP __kconfig __weak;

u64 seen[4];

SEC("raw_tp/sys_exit")
int look(void *ctx)
{
	const struct rq *rq = bpf_per_cpu_ptr(&runqueues, 0);

	if (rq)
		seen[0] = rq->cpu + rq->curr->pid + rq->nr_running;
	seen[1] = (u64)&schedule;
	seen[2] = LINUX_KERNEL_VERSION + (CONFIG_BPF_JIT == TRI_YES) + CONFIG_SMP;
	if (&bpf_prog_active)
		seen[3] = *(int *)bpf_this_cpu_ptr(&bpf_prog_active);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

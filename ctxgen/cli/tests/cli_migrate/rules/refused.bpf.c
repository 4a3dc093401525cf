// What is left as it is, beside what is not.
#include "base.h"

#include "refused.h"

#define MADE(name) SEC("tp_btf/sched_switch") int BPF_PROG(name##_made, bool preempt) { out = preempt; return 0; }
MADE(x)

#ifdef ELSEWHERE
SEC("tp_btf/sched_switch") int BPF_PROG(not_compiled, bool preempt) { return preempt; }
#endif

SEC("tp_btf/sched_switch")
int BPF_PROG(in_two,
#ifdef ELSEWHERE
	     int more,
#endif
	     bool preempt)
{
	out = preempt;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_PROG(slots_of_registers, struct mnt_idmap *idmap)
{
	out = (u64)idmap;
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(nowhere, int a)
{
	out = a;
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(of_another_kernel, struct inode *dir, struct dentry *dentry)
{
	out = (u64)dentry;
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(another_ret, struct inode *dir, struct dentry *dentry, struct inode **delegated_inode, int ret)
{
	out = ret;
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(too_many, void *a, void *b, void *c, void *d, int e)
{
	out = e;
	return 0;
}

static __noinline int reads(unsigned long long *slots)
{
	return slots[0];
}

SEC("tp_btf/sched_switch")
int BPF_PROG(hands_on, bool preempt)
{
	return reads(ctx) + preempt;
}

SEC("tp/sched/sched_process_exec")
int with_string(struct trace_event_raw_sched_process_exec *ctx)
{
	out = ctx->__data_loc_filename & 0xffff;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(fine, bool preempt)
{
	out = preempt;
	return 0;
}

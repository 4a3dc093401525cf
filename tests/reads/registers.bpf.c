// Programs of breakpoints for the architecture that __TARGET_ARCH_… names. FORWARD: without the registers' struct, as
// with the headers for user space. RELOCATED: with CO-RE, as with a vmlinux.h.
#ifdef RELOCATED
#define RECORD __attribute__((preserve_access_index))
#else
#define RECORD
#endif

#if defined(__TARGET_ARCH_arm64)
#define OTHER_REGISTERS
struct user_pt_regs {
	unsigned long long regs[31], sp, pc, pstate;
} RECORD;
#ifndef FORWARD
struct pt_regs {
	union {
		struct user_pt_regs user_regs;
		struct {
			unsigned long long regs[31], sp, pc, pstate;
		};
	};
} RECORD;
#endif
#elif defined(__TARGET_ARCH_riscv)
#define OTHER_REGISTERS
struct user_regs_struct {
	unsigned long pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
} RECORD;
#ifndef FORWARD
struct pt_regs {
	unsigned long epc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7;
} RECORD;
#endif
#endif

#include "types.h"

struct inode;
struct dentry;
struct mnt_idmap;

char LICENSE[] SEC("license") = "GPL";
u64 out;

SEC("kprobe/vfs_unlink")
int BPF_KPROBE(first, struct mnt_idmap *idmap)
{
	out = (u64)idmap;
	return 0;
}

SEC("kprobe/vfs_unlink")
int BPF_KPROBE(third, struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry)
{
	out = (u64)dentry;
	return 0;
}

SEC("kretprobe/vfs_unlink")
int BPF_KRETPROBE(returned, int ret)
{
	out = ret;
	return 0;
}

SEC("kprobe/vfs_unlink")
int where(struct pt_regs *ctx)
{
	out = PT_REGS_IP(ctx);
	return 0;
}

SEC("kprobe/vfs_unlink")
int untyped(void *ctx)
{
	out = PT_REGS_PARM2((struct pt_regs *)ctx);
	return 0;
}

SEC("fentry/vfs_unlink")
int BPF_PROG(slots, struct mnt_idmap *idmap, struct inode *dir)
{
	out = (u64)dir;
	return 0;
}

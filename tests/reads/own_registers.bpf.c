// Registers by a struct of the program's own, of which CO-RE finds the place.
#define __TARGET_ARCH_none
#define OTHER_REGISTERS
#include "types.h"

struct pt_regs {
	unsigned long di, si;
} __attribute__((preserve_access_index));
struct inode;
struct mnt_idmap;

char LICENSE[] SEC("license") = "GPL";
u64 out;

SEC("kprobe/vfs_unlink")
int own(struct pt_regs *ctx)
{
	out = ctx->si;
	return 0;
}

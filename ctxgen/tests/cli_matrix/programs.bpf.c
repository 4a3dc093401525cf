// Programs as BPF_PROG writes them, for a hook whose arguments have moved twice: vfs_unlink takes three in
// 5.10, and one more before them since.
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

struct dentry;
struct inode;
char LICENSE[] SEC("license") = "GPL";
u64 out;

// What is returned, for 5.10.
INLINE int ____old_ret(u64 *ctx, struct inode *dir, struct dentry *dentry, struct inode **delegated, int ret)
{
	out = ret;
	return 0;
}
SEC("fexit/vfs_unlink") int old_ret(u64 *ctx)
{
	return ____old_ret(ctx, (void *)ctx[0], (void *)ctx[1], (void *)ctx[2], (int)ctx[3]);
}

// The same for later kernels.
INLINE int ____new_ret(u64 *ctx, void *first, struct inode *dir, struct dentry *dentry, void *delegated, int ret)
{
	out = ret;
	return 0;
}
SEC("fexit/vfs_unlink") int new_ret(u64 *ctx)
{
	return ____new_ret(ctx, (void *)ctx[0], (void *)ctx[1], (void *)ctx[2], (void *)ctx[3], (int)ctx[4]);
}

// All that is not told.
SEC("fentry/vfs_unlink") int undeclared(u64 *ctx)
{
	out = ctx[1];
	return 0;
}

// A hook that no kernel has, of a program that can do without, and one that has to attach.
SEC("?fentry/no_such_function") int optional(u64 *ctx)
{
	return 0;
}
SEC("fentry/no_such_function") int absent(u64 *ctx)
{
	return 0;
}

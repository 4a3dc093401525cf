// Programs as BPF_PROG writes them, for hooks whose arguments have moved: path_rename has flags since 5.19, in
// the place of what is returned; vfs_unlink has another first argument since 5.12.
typedef unsigned long long u64;
#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))

struct dentry;
struct path;
char LICENSE[] SEC("license") = "GPL";
u64 out;

// What is returned, for 5.10.
INLINE int ____old_ret(u64 *ctx, struct path *old_dir, struct dentry *old, struct path *new_dir, struct dentry *new,
		       int ret)
{
	out = ret;
	return 0;
}
SEC("lsm/path_rename") int old_ret(u64 *ctx)
{
	return ____old_ret(ctx, (void *)ctx[0], (void *)ctx[1], (void *)ctx[2], (void *)ctx[3], (int)ctx[4]);
}

// The same for later kernels.
INLINE int ____new_ret(u64 *ctx, struct path *old_dir, struct dentry *old, struct path *new_dir, struct dentry *new,
		       unsigned int flags, int ret)
{
	out = ret;
	return 0;
}
SEC("lsm/path_rename") int new_ret(u64 *ctx)
{
	return ____new_ret(ctx, (void *)ctx[0], (void *)ctx[1], (void *)ctx[2], (void *)ctx[3], (unsigned int)ctx[4],
			   (int)ctx[5]);
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

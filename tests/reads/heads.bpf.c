// Heads of programs as people lay them out.
#include "types.h"

struct folio;
struct inode;
struct dentry;
struct mnt_idmap;

char LICENSE[] SEC("license") = "GPL";
u64 out;

// clang-format off
SEC("fexit/filemap_alloc_folio_noprof") int BPF_PROG(one_line, gfp_t gfp, u32 order, struct folio *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int BPF_PROG(commented, gfp_t gfp /* of the caller, or none */, u32 order, struct folio *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int BPF_PROG(last_below, gfp_t gfp, u32 order,
	     struct folio *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int BPF_PROG(first_of_two, gfp_t gfp, u32 order,
	     struct folio *ret)
{
	out = gfp;
	return 0;
}

SEC("fexit/filemap_alloc_folio_noprof")
int BPF_PROG(all_below,
	     gfp_t gfp, u32 order, struct folio *ret)
{
	out = (u64)ret;
	return 0;
}

SEC("kprobe/vfs_create")
int BPF_KPROBE(registers, struct mnt_idmap *idmap, struct inode *dir, // as the caller has it, and
	       struct dentry *dentry, umode_t mode)
{
	out = mode;
	return 0;
}

SEC("fexit/vfs_unlink")
int BPF_PROG(moved, struct dentry *dentry, struct inode *dir,
	     void *delegated, int ret)
{
	out = (u64)dentry;
	return 0;
}
// clang-format on

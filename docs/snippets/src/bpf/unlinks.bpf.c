#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("fexit/vfs_unlink")
int unlinked(struct btf_fexit_vfs_unlink_ctx *ctx)
{
	if (ctx->ret == 0)
		bpf_printk("%s is gone", ctx->dentry->d_name.name);
	return 0;
}

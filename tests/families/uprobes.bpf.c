// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Functions of user space, whose prototypes are from BTF of their own file. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

/* What a request of the program in user space begins with. */
struct request_head {
	int id;
};

u64 urgent, verdicts;

SEC("uprobe//usr/bin/user.o:handle")
int handled(struct btf_uprobe_handle_ctx *ctx)
{
	struct request_head head = {};

	bpf_probe_read_user(&head, sizeof(head), (const void *)ctx->request);
	if (ctx_get(ctx, priority) < 0 || ctx_get(ctx, flags) & 0x80 || ctx->deadline < 100)
		__sync_fetch_and_add(&urgent, head.id);
	return 0;
}

SEC("uretprobe//usr/bin/user.o:handle")
int is_handled(struct btf_uretprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, ret) < 0;
}

SEC("uprobe.s//usr/bin/user.o:judge")
int judged(struct btf_uprobe_judge_ctx *ctx)
{
	char name[16];

	bpf_probe_read_user_str(name, sizeof(name), (const void *)ctx->name);
	return name[0] == ctx_get(ctx, before);
}

SEC("uretprobe.s//usr/bin/user.o:judge")
int is_judged(struct btf_uretprobe_judge_ctx *ctx)
{
	if (ctx_get(ctx, ret))
		__sync_fetch_and_add(&verdicts, 1);
	return 0;
}

SEC("uprobe")
int anywhere(struct btf_uprobe_finish_ctx *ctx)
{
	return 0;
}

SEC("uretprobe")
int back_from_anywhere(struct pt_regs *ctx)
{
	return 0;
}

SEC("uprobe.multi//usr/bin/user.o:handle")
int multi(struct btf_uprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, flags);
}

SEC("uprobe.multi.s//usr/bin/user.o:handle")
int multi_sleepable(struct btf_uprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, priority);
}

SEC("uretprobe.multi//usr/bin/user.o:handle")
int multi_back(struct btf_uretprobe_handle_ctx *ctx)
{
	return ctx_get(ctx, ret);
}

SEC("uretprobe.multi.s//usr/bin/user.o:h*")
int multi_back_sleepable(struct pt_regs *ctx)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// Programs that need helpers, and that calculate with the addresses of packets.
#include "types.h"

enum bpf_func_id {
	BPF_FUNC_get_current_pid_tgid = 14,
	BPF_FUNC_ktime_get_tai_ns = 208,
};

struct xdp_md {
	u32 data, data_end, data_meta;
};

char LICENSE[] SEC("license") = "GPL";
const volatile bool is_new = 0;
u64 out;

SEC("tracepoint/syscalls/sys_enter_openat")
int old_helper(void *ctx)
{
	out = bpf_get_current_pid_tgid();
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int new_helper(void *ctx)
{
	out = bpf_ktime_get_tai_ns();
	return 0;
}

static __attribute__((noinline)) int below(void)
{
	out = bpf_ktime_get_tai_ns();
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int called_helper(void *ctx)
{
	return below();
}

SEC("tracepoint/syscalls/sys_enter_openat")
int asked_helper(void *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_ktime_get_tai_ns))
		out = bpf_ktime_get_tai_ns();
	return 0;
}

SEC("tracepoint/syscalls/sys_enter_openat")
int set_helper(void *ctx)
{
	if (is_new)
		out = bpf_ktime_get_tai_ns();
	return 0;
}

SEC("xdp")
int shifted(struct xdp_md *ctx)
{
	u64 both = *(u64 *)&ctx->data;

	return both == 3;
}

SEC("xdp")
int compared(struct xdp_md *ctx)
{
	return (void *)(long)ctx->data + 14 > (void *)(long)ctx->data_end;
}

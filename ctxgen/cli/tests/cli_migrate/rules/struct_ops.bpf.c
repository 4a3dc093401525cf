// A wrapper that has the section in it.
#include "base.h"

#define BPF_STRUCT_OPS(name, args...) SEC("struct_ops/" #name) BPF_PROG(name, ##args)

u32 BPF_STRUCT_OPS(ssthresh, struct sock *sk)
{
	out = (u64)sk;
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops ops = { .ssthresh = (void *)ssthresh };

// Elements of an array of slots, a number or a pointer.
#include "base.h"

SEC("tp_btf/sched_switch")
int direct(u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1];

	out = (u64)prev + ctx[2] + (bool)ctx[0];
	return 0;
}

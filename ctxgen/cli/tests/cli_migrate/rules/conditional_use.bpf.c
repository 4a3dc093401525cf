// A use that is not compiled here is one where it is.
#include "base.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(switched, bool preempt, struct task_struct *prev, struct task_struct *next)
{
#ifdef ELSEWHERE
	out = (u64)prev;
#endif
	out += (u64)next;
	return 0;
}

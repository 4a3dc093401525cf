SEC("tp_btf/sched_switch")
int BPF_PROG(in_header, bool preempt)
{
	out = preempt;
	return 0;
}

// A struct by value takes several slots.
#include "base.h"

SEC("fexit/__cgroup_bpf_run_filter_getsockopt")
int BPF_PROG2(got, struct sock *, sk, int, level, int, optname, sockptr_t, optval, sockptr_t, optlen,
	      int, max_optlen, int, retval, int, ret)
{
	out = (u64)optval.kernel + max_optlen + ret;
	return 0;
}

// The arguments are the kernel's memory.
#include "base.h"

SEC("ksyscall/openat")
int BPF_KSYSCALL(opens, int dfd, const char *filename, int flags)
{
	char name[16];

	bpf_probe_read_user_str(name, sizeof(name), filename);
	out = name[0] + flags;
	return 0;
}

// Two programs on one line, and bodies that begin on their head's.
#include "base.h"

SEC("kprobe/vfs_create") int BPF_KPROBE(a, void *idmap, void *dentry) { out = (u64)dentry; return 0; } SEC("kretprobe/vfs_create") int BPF_KRETPROBE(b, int ret) { out = ret; return 0; }

/* What all rules include. The BTF of the project's own kernels lacks what only libbpf's header names. */
#include "vmlinux.h"

typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

char LICENSE[] SEC("license") = "GPL";
u64 out;

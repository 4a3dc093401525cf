// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/*
 * Names that only the preprocessor puts together: __le32, kuid_t, vm_area_struct,
 * real_parent, BPF_MAP_TYPE_STACK.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define OF(kind, name) struct kind##_##name
#define GET(task, part) BPF_CORE_READ(task, part##_parent, tgid)
#define VALUE(prefix, rest) prefix##_##rest
#define TYPE(bits) __le##bits
#define CAT(a, b) a##b

TYPE(32) little;
CAT(k, uid_t) owner;
#if CAT(1, 0) == 10
int map_type = VALUE(BPF_MAP, TYPE_STACK);
#else
struct not_there nothing;
#endif

SEC("kprobe")
int paste(void *ctx)
{
	OF(task, struct) *task = (void *)bpf_get_current_task();

	owner.val = BPF_CORE_READ(task, cred, uid.val);
	return GET(task, real) + sizeof(OF(vm_area, struct)) + VALUE(SOCK, STREAM);
}

char LICENSE[] SEC("license") = "GPL";

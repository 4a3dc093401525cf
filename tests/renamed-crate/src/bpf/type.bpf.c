#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

typedef unsigned int number;

/* Keywords, and words that are none even as raw identifiers. */
unsigned long long type, match, self, Self, super, async, gen, dyn, loop, ref_, r0, a$b, _;
unsigned long long data, bss;
const volatile unsigned int crate = 3;
struct type {
	int fn, impl, crate, self;
	struct {
		int yield;
	} in[2];
	union {
		number whole;
		char bytes[4];
	};
} keyword_fields;
enum trait { become = 1, Self_ = 2, try = 3 } enumerated = try;

/* What the skeleton has of its own. */
struct data {
	int x;
} of_data = { 1 };
struct Default {
	struct data data;
	unsigned char on : 1;
} of_default;
struct u8 {
	long x;
} of_u8;

/* Sections of one's own. */
unsigned long long lru SEC(".bss.lru-1");
unsigned long long lru_1 SEC(".bss.of_more_than_15");
unsigned long long hot[64] SEC(".data.my.x") = { 1 };
unsigned long long mistaken SEC(".data.rodata") = 2;
const char msg[] SEC(".rodata.type") = "hello";

#define MAP(NAME)                                                                                   \
	struct {                                                                                    \
		__uint(type, 2 /* BPF_MAP_TYPE_ARRAY */);                                           \
		__uint(max_entries, 1);                                                             \
		__type(key, unsigned int);                                                          \
		__type(value, struct type);                                                         \
	} NAME SEC(".maps")

MAP(use);
MAP(map);
MAP(name);
MAP(object);
MAP(DATA);
MAP(rodata);
MAP(bss_data);
MAP(crate_);

SEC("tp_btf/sched_process_fork")
int prog(struct btf_trace_sched_process_fork_ctx *ctx)
{
	unsigned int key = 0;

	if (!bpf_map_lookup_elem(&use, &key) || !bpf_map_lookup_elem(&map, &key))
		return 0;
	type++, match++, self++, Self++, super++, async++, gen++, dyn++, loop++, ref_++, r0++, a$b++, _++;
	data++, bss++;
	keyword_fields.fn += crate;
	enumerated = become;
	of_data.x++, of_default.on = 1, of_u8.x++;
	lru++, lru_1++, hot[1]++, mistaken++;
	bpf_printk("%s %d", msg, ctx->parent == ctx->child);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int move(struct btf_trace_sched_process_fork_ctx *ctx)
{
	return ctx->parent == ctx->child;
}

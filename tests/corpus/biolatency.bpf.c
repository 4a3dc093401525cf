// SPDX-License-Identifier: MIT OR Apache-2.0 OR GPL-2.0-only
// kernels: 5.10
/* Contexts, histograms, and a member that moved to another struct. */
#include "vmlinux.h"
#include "ctx.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define SLOTS 27

struct request_queue___x {
	struct gendisk *disk;
} __attribute__((preserve_access_index));

struct request___x {
	struct request_queue___x *q;
	struct gendisk *rq_disk;
} __attribute__((preserve_access_index));

struct disk_key {
	u32 dev;
};

struct hist {
	u32 slots[SLOTS];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, struct request *);
	__type(value, u64);
} start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, struct disk_key);
	__type(value, struct hist);
} hists SEC(".maps");

static struct hist zero;

static __always_inline struct gendisk *disk_of(void *request)
{
	struct request___x *rq = request;

	if (bpf_core_field_exists(rq->rq_disk))
		return BPF_CORE_READ(rq, rq_disk);
	return BPF_CORE_READ(rq, q, disk);
}

SEC("raw_tp/block_rq_insert")
int insert(struct bpf_raw_tracepoint_args *ctx)
{
	struct request *rq = (void *)ctx->args[0];
	u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&start, &rq, &now, BPF_ANY);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int complete(struct btf_trace_block_rq_complete_ctx *ctx)
{
	struct request *rq = ctx->rq;
	struct gendisk *disk = disk_of(rq);
	struct disk_key key = {};
	u64 *since = bpf_map_lookup_elem(&start, &rq);
	struct hist *hist;

	if (!since)
		return 0;
	key.dev = disk ? BPF_CORE_READ(disk, major) << 20 | BPF_CORE_READ(disk, first_minor) : 0;
	hist = bpf_map_lookup_elem(&hists, &key);
	if (!hist) {
		bpf_map_update_elem(&hists, &key, &zero, BPF_ANY);
		hist = bpf_map_lookup_elem(&hists, &key);
		if (!hist)
			return 0;
	}
	__sync_fetch_and_add(&hist->slots[(bpf_ktime_get_ns() - *since) & 15], 1);
	return ctx->nr_bytes > rq->__data_len;
}

char LICENSE[] SEC("license") = "GPL";

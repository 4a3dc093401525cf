//! Arguments of tracepoints that the kernel itself says may be NULL (`raw_tp_null_args` of `kernel/bpf/btf.c`).
//!
//! BTF has the type of the table and not its rows. These were measured on Linux 6.18, by a program for each of its
//! 1,704 pointers; 6.12, 7.2 and 7.3 have each of the rows whose tracepoint they have.

use ctxgen::Hook;
use ctxgen::KernelBtf;
use libbpf_rs::libbpf_sys::BTF_KIND_STRUCT;

/// Tracepoints, and which of their arguments may be NULL, from 0.
const ROWS: &[(&str, &[u32])] = &[
    ("break_lease_block", &[1]),
    ("break_lease_noblock", &[1]),
    ("break_lease_unblock", &[1]),
    ("ext4_mballoc_discard", &[1]),
    ("ext4_mballoc_free", &[1]),
    ("fib_table_lookup", &[2]),
    ("folio_wait_writeback", &[1]),
    ("generic_delete_lease", &[1]),
    ("hugetlbfs_alloc_inode", &[1]),
    ("kfree_skb", &[3]),
    ("mm_collapse_huge_page_isolate", &[0]),
    ("mm_khugepaged_collapse_file", &[1]),
    ("mm_khugepaged_scan_file", &[1]),
    ("mm_khugepaged_scan_pmd", &[1]),
    ("mm_page_alloc", &[0]),
    ("mm_page_alloc_zone_locked", &[0]),
    ("mm_page_pcpu_drain", &[0]),
    ("qdisc_dequeue", &[3]),
    ("sched_pi_setprio", &[1]),
    ("sched_stick_numa", &[2]),
    ("sched_swap_numa", &[2]),
    ("tcp_send_reset", &[0, 1]),
    ("tcp_sendmsg_locked", &[2]),
    ("time_out_leases", &[1]),
    ("tmigr_update_events", &[0]),
    ("writeback_dirty_folio", &[1]),
    ("xfs_blockgc_flush_all", &[0]),
    ("xfs_blockgc_free_space", &[1]),
    ("xfs_blockgc_start", &[0]),
    ("xfs_blockgc_stop", &[0]),
    ("xfs_blockgc_worker", &[0]),
    ("xfs_btree_overlapped_query_range", &[2]),
    ("xfs_btree_updkeys", &[2]),
    ("xfs_defer_add_item", &[0]),
    ("xfs_defer_cancel_item", &[0]),
    ("xfs_defer_cancel_list", &[0]),
    ("xfs_defer_create_intent", &[0]),
    ("xfs_defer_finish_item", &[0]),
    ("xfs_defer_isolate_paused", &[0]),
    ("xfs_defer_item_pause", &[0]),
    ("xfs_defer_item_unpause", &[0]),
    ("xfs_defer_pending_abort", &[0]),
    ("xfs_defer_pending_finish", &[0]),
    ("xfs_defer_relog_intent", &[0]),
    ("xfs_fs_sync_fs", &[0]),
    ("xfs_inodegc_flush", &[0]),
    ("xfs_inodegc_push", &[0]),
    ("xfs_inodegc_queue", &[0]),
    ("xfs_inodegc_start", &[0]),
    ("xfs_inodegc_stop", &[0]),
    ("xfs_inodegc_throttle", &[0]),
    ("xfs_ioc_free_eofblocks", &[1]),
    ("xfs_map_blocks_alloc", &[4]),
    ("xfs_map_blocks_found", &[4]),
];

/// Which arguments of a hook may be NULL on a kernel, from 0.
pub(super) fn null_args(hook: &Hook, kernel: &KernelBtf) -> &'static [u32] {
    if hook.family().name() != "tp_btf" {
        return &[];
    }
    let has_table = kernel.btf().find(c"bpf_raw_tp_null_args", BTF_KIND_STRUCT);
    let row = ROWS.binary_search_by_key(&hook.target(), |(name, _)| name);
    match (has_table, row) {
        (Some(_), Ok(place)) => ROWS[place].1,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::ROWS;

    #[test]
    fn are_sorted() {
        assert!(ROWS.is_sorted_by_key(|(name, _)| name));
    }
}

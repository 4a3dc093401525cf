//! `runqslower` and `unlinksnoop` in Rust: the programs of `src/bpf/` with the same contexts.
#![no_std]
#![no_main]

use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::macros::fentry;
use aya_ebpf::macros::fexit;
use aya_ebpf::macros::kprobe;
use aya_ebpf::macros::raw_tracepoint;
use aya_ebpf::macros::tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use aya_ebpf::programs::FEntryContext;
use aya_ebpf::programs::FExitContext;
use aya_ebpf::programs::ProbeContext;
use aya_ebpf::programs::RawTracePointContext;
use aya_ebpf::programs::TracePointContext;

include!(concat!(env!("OUT_DIR"), "/ctx.rs"));
use ctx::*;

#[unsafe(no_mangle)]
static mut SUM: u64 = 0;

fn add(value: u64) {
    unsafe { SUM = SUM.wrapping_add(value) };
}

#[btf_tracepoint(function = "sched_switch")]
pub fn switched(c: BtfTracePointContext) -> i32 {
    let c = btf_trace_sched_switch_ctx::from(&c);
    let odd = unsafe { aya_ebpf::helpers::bpf_ktime_get_ns() } & 1 != 0;
    let task = if odd { c.prev() } else { c.next() };
    add(task.pid() as u64 + c.prev().tgid() as u64);
    if c.preempt() {
        add(1);
    }
    if let Some(state) = c.prev_state() {
        add(u64::from(state));
    }
    0
}

#[raw_tracepoint(tracepoint = "sched_switch")]
pub fn switched_raw(c: RawTracePointContext) -> i32 {
    let c = btf_trace_sched_switch_ctx::from(&c);
    add(c.next().pid() as u64 + c.prev().mm().is_null() as u64);
    0
}

#[fentry(function = "vfs_unlink")]
pub fn unlink_enter(c: FEntryContext) -> i32 {
    let c = btf_fentry_vfs_unlink_ctx::from(&c);
    add(c.dentry().d_name().name() as u64);
    0
}

#[fexit(function = "vfs_unlink")]
pub fn unlink_exit(c: FExitContext) -> i32 {
    let c = btf_fexit_vfs_unlink_ctx::from(&c);
    add(c.ret() as u64);
    0
}

#[kprobe]
pub fn unlink_probe(c: ProbeContext) -> u32 {
    let c = btf_kprobe_vfs_unlink_ctx::from(&c);
    add(c.dentry().d_name().name() as u64);
    0
}

#[tracepoint(category = "sched", name = "sched_process_exec")]
pub fn exec(c: TracePointContext) -> u32 {
    let c = btf_tp_sched_sched_process_exec_ctx::from(&c);
    let mut name = [0u8; 16];
    let _ = unsafe { aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes(c.filename().cast(), &mut name) };
    add(u64::from(name[0]) + c.pid() as u64);
    0
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

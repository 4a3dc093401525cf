//! How long tasks wait for a CPU: what `runqslower.bpf.c` does, in Rust.
#![no_std]
#![no_main]

use core::ptr::null;

use aya_ebpf::helpers::bpf_ktime_get_ns;
use aya_ebpf::helpers::bpf_probe_read_kernel_str_bytes;
use aya_ebpf::helpers::generated::bpf_map_delete_elem;
use aya_ebpf::helpers::generated::bpf_map_lookup_elem;
use aya_ebpf::helpers::generated::bpf_map_update_elem;
use aya_ebpf::helpers::generated::bpf_ringbuf_output;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;

include!(concat!(env!("OUT_DIR"), "/ctx.rs"));
use ctx::Direct;
use ctx::btf_trace_sched_switch_ctx;
use ctx::btf_trace_sched_wakeup_ctx;
use ctx::btf_trace_sched_wakeup_new_ctx;
use ctx::task_struct;

/// A wait that has ended, as user space receives it.
#[repr(C)]
struct Wait {
    ns: u64,
    tid: u32,
    prev_tid: u32,
    comm: [u8; 16],
}

/// A map as libbpf reads it of the object's BTF: the length of an array is a number, and what another
/// pointer points to is a type.
#[repr(C)]
struct Hash {
    r#type: *const [u8; 1],
    max_entries: *const [u8; 16384],
    key: *const u32,
    value: *const u64,
}

#[repr(C)]
struct Ring {
    r#type: *const [u8; 27],
    max_entries: *const [u8; 262144],
}

// SAFETY: nobody but libbpf looks at what they consist of.
unsafe impl Sync for Hash {}
// SAFETY: likewise.
unsafe impl Sync for Ring {}

#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static ENQUEUED: Hash = Hash {
    r#type: null(),
    max_entries: null(),
    key: null(),
    value: null(),
};

#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static EVENTS: Ring = Ring {
    r#type: null(),
    max_entries: null(),
};

/// Notes that a task waits from now on.
fn enqueue(task: task_struct<Direct>) {
    let tid = task.pid() as u32;
    // Every CPU's idle task is tid 0, and waits for nothing.
    if tid != 0 {
        // SAFETY: key and value are of the map's types.
        unsafe {
            let now = bpf_ktime_get_ns();
            bpf_map_update_elem(
                (&raw const ENQUEUED).cast_mut().cast(),
                (&raw const tid).cast(),
                (&raw const now).cast(),
                0,
            );
        }
    }
}

/// How long a task has waited, if it has.
fn dequeue(tid: u32) -> Option<u64> {
    // SAFETY: the key is of the map's type, and so is what the helper finds.
    unsafe {
        let map = (&raw const ENQUEUED).cast_mut().cast();
        let since = bpf_map_lookup_elem(map, (&raw const tid).cast()).cast::<u64>();
        let ns = bpf_ktime_get_ns() - *since.as_ref()?;
        bpf_map_delete_elem(map, (&raw const tid).cast());
        Some(ns)
    }
}

#[btf_tracepoint(function = "sched_wakeup")]
pub fn wakeup(context: BtfTracePointContext) -> i32 {
    enqueue(btf_trace_sched_wakeup_ctx::from(&context).p());
    0
}

#[btf_tracepoint(function = "sched_wakeup_new")]
pub fn wakeup_new(context: BtfTracePointContext) -> i32 {
    enqueue(btf_trace_sched_wakeup_new_ctx::from(&context).p());
    0
}

#[btf_tracepoint(function = "sched_switch")]
pub fn switched(context: BtfTracePointContext) -> i32 {
    let context = btf_trace_sched_switch_ctx::from(&context);
    let (prev, next) = (context.prev(), context.next());
    // A number where all kernels of the build have it, and an `Option` where not. What goes to sleep is
    // enqueued again when it wakes up.
    let state: Option<u32> = context.prev_state().into();
    if context.preempt() || state.unwrap_or(0) == 0 {
        enqueue(prev);
    }
    let tid = next.pid() as u32;
    if let Some(ns) = dequeue(tid) {
        let mut wait = Wait {
            ns,
            tid,
            prev_tid: prev.pid() as u32,
            comm: [0; 16],
        };
        // SAFETY: the helpers get memory of the sizes that they are told.
        unsafe {
            let _ = bpf_probe_read_kernel_str_bytes(next.comm().cast(), &mut wait.comm);
            bpf_ringbuf_output(
                (&raw const EVENTS).cast_mut().cast(),
                (&raw mut wait).cast(),
                size_of::<Wait>() as u64,
                0,
            );
        }
    }
    0
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

//! Tasks that waited too long for a CPU: what `runqslower.bpf.c` does, in Rust.
#![no_std]
#![no_main]

use aya_ebpf::helpers::generated::bpf_ktime_get_ns;
use aya_ebpf::helpers::generated::bpf_probe_read_kernel_str;
use aya_ebpf::macros::btf_tracepoint;
use aya_ebpf::programs::BtfTracePointContext;
use programs::Counter;
use programs::Hash;
use programs::Ring;
use programs::Settings;
use programs::records::COMM_LEN;
use programs::records::Wait;
use programs::records::WaitSettings;

include!(concat!(env!("OUT_DIR"), "/ctx.rs"));
use ctx::Direct;
use ctx::btf_trace_sched_switch_ctx;
use ctx::btf_trace_sched_wakeup_ctx;
use ctx::btf_trace_sched_wakeup_new_ctx;
use ctx::task_struct;

const TASK_RUNNING: u32 = 0;

#[unsafe(link_section = ".rodata.settings")]
#[unsafe(no_mangle)]
static SETTINGS: Settings<WaitSettings> = Settings::new(WaitSettings {
    min_wait_ns: 0,
    only_pid: 0,
    rest: 0,
});

/// Events that found the ring buffer full.
#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static LOST: Counter = Counter::new();

#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static ENQUEUED: Hash<u32, u64, 16384> = Hash::new();

#[unsafe(link_section = ".maps")]
#[unsafe(no_mangle)]
static EVENTS: Ring<262144> = Ring::new();

/// Notes that a task waits from now on.
#[inline(always)]
fn enqueue(task: task_struct<Direct>) {
    let (tid, pid) = (task.pid() as u32, task.tgid() as u32);
    let only_pid = SETTINGS.get().only_pid;
    // Every CPU's idle task is tid 0, and waits for nothing.
    if tid == 0 || only_pid != 0 && only_pid != pid {
        return;
    }
    // SAFETY: the helper has no conditions.
    let now = unsafe { bpf_ktime_get_ns() };
    ENQUEUED.insert(&tid, &now);
}

/// The state that the scheduler acted on; on kernels that do not pass it, the one that the task has now.
#[inline(always)]
fn prev_state(context: btf_trace_sched_switch_ctx<Direct>) -> u32 {
    if let Some(state) = context.prev_state() {
        return state;
    }
    let prev = context.prev();
    match prev.__state() {
        Some(state) => state,
        None => prev.state().unwrap_or(0) as u32,
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
    let (tid, state) = (next.pid() as u32, prev_state(context));
    // Preempted, or gave way of its own accord: it waits again from now on.
    if context.preempt() || state == TASK_RUNNING {
        enqueue(prev);
    }
    let Some(since) = ENQUEUED.get(&tid) else {
        return 0;
    };
    // SAFETY: the helper has no conditions.
    let now = unsafe { bpf_ktime_get_ns() };
    let wait_ns = now - since;
    ENQUEUED.remove(&tid);
    if wait_ns < SETTINGS.get().min_wait_ns {
        return 0;
    }
    // SAFETY: the record is memory for a `Wait`, and names are as long as there is room for them.
    let was_sent = EVENTS.send(|wait: *mut Wait| unsafe {
        (&raw mut (*wait).time_ns).write(now);
        (&raw mut (*wait).wait_ns).write(wait_ns);
        (&raw mut (*wait).pid).write(next.tgid() as u32);
        (&raw mut (*wait).tid).write(tid);
        (&raw mut (*wait).prev_tid).write(prev.pid() as u32);
        (&raw mut (*wait).prev_state).write(state);
        let names = [
            (&raw mut (*wait).comm, next.comm()),
            (&raw mut (*wait).prev_comm, prev.comm()),
        ];
        for (to, from) in names {
            bpf_probe_read_kernel_str(to.cast(), COMM_LEN as u32, from.cast());
        }
    });
    if !was_sent {
        LOST.increment();
    }
    0
}

#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

//! Shows tasks that waited too long for a CPU.

use std::process::ExitCode;

use clap::Parser;
use example_bpf::WaitArgs;
use example_bpf::WaitEvent;
use example_bpf::start;
use tracer::Error;
use tracer::ObjectArgs;
use tracer::Tracer;
use tracer::records::Wait;
use tracer::records::WaitSettings;

/// Show tasks that waited too long for a CPU: from being woken, or preempted, until they ran.
#[derive(Debug, Parser)]
#[command(name = "runqslower")]
struct Args {
    #[command(flatten)]
    object: ObjectArgs,

    #[command(flatten)]
    waits: WaitArgs,
}

fn main() -> ExitCode {
    start(run)
}

fn run(Args { object, waits }: &Args) -> Result<(), Error> {
    let tracer = Tracer {
        name: "runqslower",
        hooks: &[
            ("wakeup", "sched_wakeup"),
            ("wakeup_new", "sched_wakeup_new"),
            ("switched", "sched_switch"),
        ],
        settings: &WaitSettings {
            min_wait_ns: waits.min_wait_ns(),
            only_pid: waits.process.pid(),
            rest: 0,
        },
        limits: &waits.limits,
        verbose: waits.style.verbose,
    };
    tracer.run(
        object,
        || waits.begin(),
        |wait: &Wait| {
            waits.show(&WaitEvent {
                time_ns: wait.time_ns,
                wait_ns: wait.wait_ns,
                pid: wait.pid,
                tid: wait.tid,
                prev_tid: wait.prev_tid,
                prev_state: wait.prev_state,
                comm: &wait.comm,
                prev_comm: &wait.prev_comm,
            })
        },
    )
}

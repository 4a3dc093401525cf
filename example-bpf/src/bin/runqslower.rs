//! Shows tasks that waited too long for a CPU.

use std::mem::MaybeUninit;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::WaitArgs;
use example_bpf::WaitEvent;
use example_bpf::attach;
use example_bpf::follow;
use example_bpf::global;
use example_bpf::load;
use example_bpf::loader;
use example_bpf::open;
use example_bpf::report_lost;
use example_bpf::start;

mod runqslower {
    ctxgen::include_bpf!("runqslower");
}

use runqslower::RunqslowerSkelBuilder;
use runqslower::types::wait_event;

/// Show tasks that waited too long for a CPU: from being woken, or preempted, until they ran.
#[derive(Debug, Parser)]
#[command(name = "runqslower", version)]
struct Args {
    #[command(flatten)]
    waits: WaitArgs,
}

// SAFETY: It consists of integers only.
unsafe impl Record for wait_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(Args { waits }: &Args) -> Result<(), Error> {
    let verbose = waits.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(runqslower::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        RunqslowerSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.min_wait_ns = waits.min_wait_ns();
    settings.only_pid = waits.process.pid();
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    waits.begin()?;
    follow(
        &skeleton.maps.events,
        &waits.limits,
        &stop,
        |event: &wait_event| {
            waits.show(&WaitEvent {
                time_ns: event.time_ns,
                wait_ns: event.wait_ns,
                pid: event.pid,
                tid: event.tid,
                prev_tid: event.prev_tid,
                prev_state: event.prev_state,
                comm: &event.comm,
                prev_comm: &event.prev_comm,
            })
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("runqslower", &globals.lost);
    Ok(())
}

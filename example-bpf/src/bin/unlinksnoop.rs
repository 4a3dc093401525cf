//! Shows files that are unlinked.

use std::mem::MaybeUninit;
use std::process::ExitCode;

use clap::Parser;
use example_bpf::Error;
use example_bpf::Record;
use example_bpf::Stop;
use example_bpf::UnlinkArgs;
use example_bpf::UnlinkEvent;
use example_bpf::attach;
use example_bpf::follow;
use example_bpf::global;
use example_bpf::load;
use example_bpf::loader;
use example_bpf::open;
use example_bpf::report_lost;
use example_bpf::start;

mod unlinksnoop {
    ctxgen::include_bpf!("unlinksnoop");
}

use unlinksnoop::UnlinksnoopSkelBuilder;
use unlinksnoop::types::unlink_event;

/// Show files that are unlinked: by whom, with which result, and how long it took.
#[derive(Debug, Parser)]
#[command(name = "unlinksnoop", version)]
struct Args {
    #[command(flatten)]
    unlinks: UnlinkArgs,
}

// SAFETY: It consists of integers only.
unsafe impl Record for unlink_event {}

fn main() -> ExitCode {
    start(run)
}

fn run(Args { unlinks }: &Args) -> Result<(), Error> {
    let verbose = unlinks.style.verbose;
    let stop = Stop::on_signal()?;
    let loader = loader(unlinksnoop::OBJECT)?;
    let mut object = MaybeUninit::uninit();
    let mut skeleton = open(
        &loader,
        UnlinksnoopSkelBuilder::default(),
        &mut object,
        verbose,
    )?;
    let settings = global(skeleton.maps.rodata_data.as_mut())?;
    settings.only_pid = unlinks.process.pid();
    settings.only_failed = unlinks.failed;
    let mut skeleton = load(&loader, skeleton, verbose)?;
    attach(&mut skeleton, verbose)?;
    unlinks.begin()?;
    follow(
        &skeleton.maps.events,
        &unlinks.limits,
        &stop,
        |event: &unlink_event| {
            unlinks.show(&UnlinkEvent {
                time_ns: event.time_ns,
                duration_ns: event.duration_ns,
                pid: event.pid,
                tid: event.tid,
                ret: event.ret,
                comm: &event.comm,
                name: &event.name,
            })
        },
    )?;

    let globals = global(skeleton.maps.bss_data.as_deref())?;
    report_lost("unlinksnoop", &globals.lost);
    Ok(())
}
